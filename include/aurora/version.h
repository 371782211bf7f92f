/* SPDX-License-Identifier: MIT */
/* Which release these headers are of. aurora_version and aurora_version_number in base.h say which
 * one is linked. The build reads the three numbers from here. */
#ifndef AURORA_VERSION_H
#define AURORA_VERSION_H

#define AURORA_VERSION_MAJOR 0
#define AURORA_VERSION_MINOR 1
#define AURORA_VERSION_PATCH 0

/* 1002003 is 1.2.3; grows with each release. */
#define AURORA_VERSION_NUMBER                                                                      \
    (AURORA_VERSION_MAJOR * 1000000 + AURORA_VERSION_MINOR * 1000 + AURORA_VERSION_PATCH)

/* "0.1.0" */
#define AURORA_VERSION_QUOTE(number) #number
#define AURORA_VERSION_JOIN(major, minor, patch)                                                   \
    AURORA_VERSION_QUOTE(major) "." AURORA_VERSION_QUOTE(minor) "." AURORA_VERSION_QUOTE(patch)
#define AURORA_VERSION                                                                             \
    AURORA_VERSION_JOIN(AURORA_VERSION_MAJOR, AURORA_VERSION_MINOR, AURORA_VERSION_PATCH)

#endif
