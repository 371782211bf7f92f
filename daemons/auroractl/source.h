/* SPDX-License-Identifier: MIT */
/* A whole file in memory, unpacked if it is an .xz. */
#ifndef AURORACTL_SOURCE_H
#define AURORACTL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads `path` ("-" is standard input). *text_out has one spare byte behind *length_out and is
 * freed with free. False after a message. */
bool ctl_source_read(const char *path, char **text_out, size_t *length_out);

#endif
