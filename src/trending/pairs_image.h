/* SPDX-License-Identifier: MIT */
/* The part of a snapshot that is a table of pairs. */
#ifndef AURORA_TRENDING_PAIRS_IMAGE_H
#define AURORA_TRENDING_PAIRS_IMAGE_H

#include <aurora/related.h>

#include "image.h"
#include "pairs.h"

void aurora__image_put_pairs(struct image *image, const struct pairs *pairs);

/* Into an empty table. */
aurora_status aurora__image_get_pairs(struct image_reader *reader, struct pairs *pairs);

#endif
