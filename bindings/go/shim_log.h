/* SPDX-License-Identifier: MIT */
/* A log that is pulled: threads of the library write records into a pipe that Go reads. */
#ifndef AURORA_GO_SHIM_LOG_H
#define AURORA_GO_SHIM_LOG_H

#include "shim.h"

/* The writing end, and how many records had no room since the last one that had. */
typedef struct {
    int fd;
    uint32_t dropped; /* read and written by atomic operations */
} aurora_go_log;

/* Fills *log_out so that it writes into `log`, which must outlive the handle. */
void aurora_go_log_attach(aurora_go_log *log, aurora_log *log_out, int32_t level_min);

#endif
