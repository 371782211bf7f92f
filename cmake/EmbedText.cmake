# SPDX-License-Identifier: MIT
# cmake -DINPUT=file -DOUTPUT=file.c -DHEADER=folder/file.h -DSYMBOL=name -P EmbedText.cmake
# Writes a text as `const char SYMBOL[]` and `const size_t SYMBOL_len`. An array of characters and
# not a literal, since C11 promises no more than 4,095 characters in one.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
string(REPEAT "." 112 line)
string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
get_filename_component(name ${INPUT} NAME)
file(WRITE ${OUTPUT}.new
"/* SPDX-License-Identifier: MIT */
/* Written by cmake/EmbedText.cmake from ${name}. */
#include \"${HEADER}\"

const char ${SYMBOL}[] = {
    ${bytes}0};
const size_t ${SYMBOL}_len = ${length};
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
