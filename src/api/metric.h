/* SPDX-License-Identifier: MIT */
/* What a handle adds to what its engine counts. */
#ifndef AURORA_API_METRIC_H
#define AURORA_API_METRIC_H

#include "api/handle.h"

/* Once, when the engine is there: figures that others keep come with each page. */
void aurora__handle_figures(aurora_t *shop);

#endif
