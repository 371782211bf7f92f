# SPDX-License-Identifier: MIT
# Sourced: the generator of the blocks in docs/, linked with a built libaurora.a.

# doc_tables BUILD PROGRAM
doc_tables() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -Iinclude -o "$2" scripts/diagrams/doc_tables.c \
        "$1/lib/libaurora.a" -lsqlite3 -lm -pthread
}
