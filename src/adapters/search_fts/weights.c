/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/weights.h"

const aurora__fts_weights aurora__fts_weights_default = {
    .column = {[AURORA__FTS_NAME] = 4,
               [AURORA__FTS_BRAND] = 3,
               [AURORA__FTS_CATEGORY] = 4,
               [AURORA__FTS_DESCRIPTION] = 1.25,
               [AURORA__FTS_ATTRIBUTES] = 0.25,
               [AURORA__FTS_CODES] = 3},
    .length = {[AURORA__FTS_NAME] = 0.5, [AURORA__FTS_DESCRIPTION] = 0.3},
    .saturation = 2,
    .cover = 0.25,
    .together = 0.2,
    .head = 0.3,
    .early = 0.1,
    .exact = 0.5,
    .all = 0.6,
    .accessory = 0.65,
    .glued = 0.9,
    .synonym = 0.8,
    .prefix = 0.5,
    .typo = 0.5,
};
