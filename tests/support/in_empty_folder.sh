#!/bin/sh
# SPDX-License-Identifier: MIT
# in_empty_folder.sh PROGRAM [ARGUMENT...]: runs it in a folder of its own, gone afterwards.
folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
"$@"
