/* SPDX-License-Identifier: MIT */
/* How the words after the command become a run: our own options, and each setting of the library
 * as --order-deadline or AURORA_ORDER_DEADLINE. */
#ifndef AURORACTL_OPTIONS_H
#define AURORACTL_OPTIONS_H

#include "ctl.h"

/* Reads `words` for run->command into *run, then the environment. CTL_YES, or CTL_UNSURE after a
 * message that names the nearest option. */
int ctl_options_read(ctl *run, int count, char **words);

/* Gives back what ctl_options_read allocated. */
void ctl_options_free(ctl *run);

/* Whether a setting was given, by flag or environment. */
bool ctl_has_setting(const ctl *run, const char *name);

/* The value of a setting that was given; NULL = none was. */
const char *ctl_setting_value(const ctl *run, const char *name);

/* Prints the options that a command takes, with their help, on standard output. */
void ctl_options_describe(const ctl_command *command);

/* "--limit N" of an option, for usage lines. */
const char *ctl_option_usage(int option);

#endif
