# SPDX-License-Identifier: Apache-2.0
# How everything here is compiled, and the three kinds of target.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE Release)
endif()
# Asserts are for our own bugs and stay on in releases.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wvla
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
	-Wformat=2 -Wundef -Wwrite-strings -Wcast-qual
	-fno-common -fno-strict-aliasing -fstack-protector-strong
	-fstack-clash-protection -g)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
	add_compile_options(-fcf-protection)
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
add_compile_definitions(_GNU_SOURCE SALLYPORT_VERSION="${PROJECT_VERSION}")
if(SALLYPORT_SANITIZE)
	add_compile_options(-fsanitize=address,undefined
		-fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
	add_link_options(-fsanitize=address,undefined)
	add_compile_definitions(SALLYPORT_SANITIZE)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
	add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(SALLYPORT_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()

include(CheckPIESupported)
check_pie_supported()

# The rooms that every message passes are worth more of the compiler's time,
# and programs and benches inline across them. Their objects hold plain code
# too: tests link that, and are not kept waiting.
set(SALLYPORT_HOT_ROOMS base sip proxy access net edge)
set(SALLYPORT_HOT "")
set(SALLYPORT_LTO "")
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SALLYPORT_SANITIZE)
	set(SALLYPORT_HOT -O3)
	if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
		set(SALLYPORT_LTO -flto=auto)
		list(APPEND SALLYPORT_HOT ${SALLYPORT_LTO} -ffat-lto-objects)
	endif()
endif()

# sallyport_library(NAME USES other... [LIBS PkgConfig::X...]): one directory,
# one static library. USES is the layer table.
function(sallyport_library name)
	cmake_parse_arguments(A "" "" "USES;LIBS" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
	if(name STREQUAL "daemon" OR name STREQUAL "cli")
		list(FILTER sources EXCLUDE REGEX "/main\\.c$")
	endif()
	if(NOT sources)
		return()
	endif()
	add_library(${name} STATIC ${sources})
	target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
	foreach(use ${A_USES})
		if(TARGET ${use})
			target_link_libraries(${name} PUBLIC ${use})
		endif()
	endforeach()
	target_link_libraries(${name} PRIVATE ${A_LIBS})
	if(name IN_LIST SALLYPORT_HOT_ROOMS)
		target_compile_options(${name} PRIVATE ${SALLYPORT_HOT})
	endif()
endfunction()

# sallyport_program(NAME MAIN INTO folder USES lib...)
function(sallyport_program name main)
	cmake_parse_arguments(A "" "INTO" "USES" ${ARGN})
	if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${main})
		return()
	endif()
	add_executable(${name} ${main})
	target_link_libraries(${name} PRIVATE ${A_USES})
	target_link_options(${name} PRIVATE ${SALLYPORT_LTO})
	install(TARGETS ${name} RUNTIME DESTINATION ${A_INTO})
endfunction()
