#!/bin/sh
# SPDX-License-Identifier: MIT
# prints.sh SOURCE PROGRAM [ARGUMENT...]: runs it, and compares what it prints with what the comment
# at the head of its source says ("Prints:" and lines that are indented). A head that says "Prints
# (...)", since ids and times differ, and one that says nothing are not compared.
source=$1
shift
"$@" >prints.got || exit
sed -n '/^ \* Prints:$/,/^ \*\//p' "$source" | sed -n 's/^ \*   //p' >prints.wanted
[ -s prints.wanted ] || exit 0
diff prints.wanted prints.got
