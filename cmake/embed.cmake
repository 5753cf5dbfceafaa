# SPDX-License-Identifier: Apache-2.0
# Writes the files of a folder into a C file, as admin/web.h has them.
#   cmake -DOUT=file.c -DFOLDER=dir -P embed.cmake
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(n 0)
foreach(name ${files})
	file(READ ${FOLDER}/${name} hex HEX)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
	string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
	string(REGEX REPLACE ".*\\." "" ext ${name})
	string(APPEND arrays "static const unsigned char f${n}[] = {\n${bytes}};\n")
	set(path "/${name}")
	if(name STREQUAL "index.html")
		set(path "/")
	endif()
	string(APPEND rows "\t{ \"${path}\", \"${type_${ext}}\", f${n}, sizeof(f${n}) },\n")
	math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by cmake/embed.cmake. */
#include \"admin/web.h\"

${arrays}
const struct web_file web_files[] = {
${rows}\t{ NULL, NULL, NULL, 0 }
};
")
