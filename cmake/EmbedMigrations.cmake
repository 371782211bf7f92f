# SPDX-License-Identifier: MIT
# cmake -DOUTPUT=file.c -DFOLDER=src/adapters/store_X -DTYPE=type -P EmbedMigrations.cmake
# Writes every NNNN_name.sql of FOLDER into one C file as an array of characters, and the list of
# them, aurora__store_X_migrations, of the type in the folder's migrations.h. Arrays and not
# literals, since C11 promises no more than 4,095 characters in a literal.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(arrays "")
set(rows "")
set(last 0)
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    if(NOT name MATCHES "^0*([1-9][0-9]*)_[a-z0-9_]+\\.sql$")
        message(FATAL_ERROR "${name}: a migration is called NNNN_name.sql, NNNN from 0001")
    endif()
    set(version ${CMAKE_MATCH_1})
    math(EXPR expected "${last} + 1")
    if(NOT version EQUAL expected)
        message(FATAL_ERROR "${name}: version ${version} where ${expected} was expected")
    endif()
    set(last ${version})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    # 16 characters of 7 bytes each a line.
    string(REPEAT "." 112 line)
    string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
    string(APPEND arrays "/* ${name} */\nstatic const char sql_${version}[] = {\n    ${bytes}0};\n\n")
    string(APPEND rows "    {${version}, sql_${version}},\n")
endforeach()
get_filename_component(store ${FOLDER} NAME)
file(WRITE ${OUTPUT}.new
"/* SPDX-License-Identifier: MIT */
/* Written by cmake/EmbedMigrations.cmake from the .sql files of ${store}. */
#include \"adapters/${store}/migrations.h\"

${arrays}const ${TYPE} aurora__${store}_migrations[] = {
${rows}    {0, 0},
};
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
