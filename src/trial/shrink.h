/* SPDX-License-Identifier: MIT */
/* From a seed that failed to the least that still fails in the same way, and its story. */
#ifndef AURORA_TRIAL_SHRINK_H
#define AURORA_TRIAL_SHRINK_H

#include "trial/trial.h"

/* Writes what failed, the command that repeats it, and the transcript. With `is_to_shrink` options
 * are left out and made smaller first, as long as the same check fails. */
void aurora__trial_explain(const aurora_sim_request *request, const aurora_sim_ports *ports,
                           const aurora_sim_report *report, bool is_to_shrink, FILE *out);

#endif
