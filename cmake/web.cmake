# SPDX-License-Identifier: Apache-2.0
# The web client: bundled from web/ with the packages of its lock file, written
# as a C file and built in. SALLYPORT_WEB says whether: AUTO where Node.js, npm
# and the packages can be had, ON insists, OFF needs none of them. Packages lie
# in the build folder alone; which registry they come from says npm's own
# configuration. Sets SALLYPORT_WEB_C, the C file.
set(SALLYPORT_WEB AUTO CACHE STRING "The web client: AUTO, ON or OFF")
set_property(CACHE SALLYPORT_WEB PROPERTY STRINGS AUTO ON OFF)
set(SALLYPORT_WEB_C ${CMAKE_BINARY_DIR}/web/files.c)

# Sets VAR to the reason why it cannot be built; empty: it can.
function(sallyport_web_prepare var)
	set(folder ${CMAKE_BINARY_DIR}/web)
	set(${var} "" PARENT_SCOPE)
	find_program(SALLYPORT_NODE NAMES node nodejs)
	find_program(SALLYPORT_NPM NAMES npm)
	if(NOT SALLYPORT_NODE OR NOT SALLYPORT_NPM)
		set(${var} "Node.js or npm is not here" PARENT_SCOPE)
		return()
	endif()
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
		${CMAKE_SOURCE_DIR}/web/package-lock.json)
	file(SHA256 ${CMAKE_SOURCE_DIR}/web/package-lock.json want)
	set(have "")
	if(EXISTS ${folder}/installed)
		file(READ ${folder}/installed have)
	endif()
	if(have STREQUAL want)
		return()
	endif()
	file(COPY ${CMAKE_SOURCE_DIR}/web/package.json
		${CMAKE_SOURCE_DIR}/web/package-lock.json DESTINATION ${folder})
	execute_process(COMMAND ${SALLYPORT_NPM} ci --ignore-scripts --no-audit
			--no-fund --loglevel=error
		WORKING_DIRECTORY ${folder} TIMEOUT 180
		RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE out)
	if(result EQUAL 0)
		file(WRITE ${folder}/installed ${want})
		return()
	endif()
	string(REGEX REPLACE "\n.*" "" first "${out}")
	set(${var} "npm ci in ${folder} failed: ${result} ${first}" PARENT_SCOPE)
endfunction()

set(SALLYPORT_WEB_WHY "SALLYPORT_WEB is OFF")
if(SALLYPORT_WEB)
	sallyport_web_prepare(SALLYPORT_WEB_WHY)
endif()
if(SALLYPORT_WEB_WHY STREQUAL "")
	message(STATUS "Web client: built in")
	file(GLOB_RECURSE SALLYPORT_WEB_FILES CONFIGURE_DEPENDS
		${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/page/*)
	add_custom_command(OUTPUT ${SALLYPORT_WEB_C}
		BYPRODUCTS ${CMAKE_BINARY_DIR}/web/licences.txt
		COMMAND ${SALLYPORT_NODE} ${CMAKE_SOURCE_DIR}/web/build.mjs
			${CMAKE_BINARY_DIR}/web
		DEPENDS ${SALLYPORT_WEB_FILES} ${CMAKE_SOURCE_DIR}/web/build.mjs
			${CMAKE_SOURCE_DIR}/web/package-lock.json
		COMMENT "Bundling the web client"
		VERBATIM)
	install(FILES ${CMAKE_BINARY_DIR}/web/licences.txt
		DESTINATION ${CMAKE_INSTALL_DOCDIR}
		RENAME licences-of-the-web-client.txt)
elseif(SALLYPORT_WEB STREQUAL "AUTO" OR NOT SALLYPORT_WEB)
	set(loud STATUS)
	if(SALLYPORT_WEB)
		set(loud WARNING)
	endif()
	message(${loud} "The web client is left out: ${SALLYPORT_WEB_WHY}")
	file(CONFIGURE OUTPUT ${SALLYPORT_WEB_C} CONTENT
"/* Built without the web client. */
#include \"http/page.h\"

const struct http_file http_files[] = { { .path = 0 } };
" @ONLY)
else()
	message(FATAL_ERROR "SALLYPORT_WEB=ON, but ${SALLYPORT_WEB_WHY}")
endif()
