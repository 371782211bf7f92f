/* SPDX-License-Identifier: MIT */
/* Snapshots as bytes: little-endian fields between a head (kind, format, length, half-life,
 * landmark, newest time) and a checksum. The reader trusts nothing and reads nothing beyond the
 * end. */
#ifndef AURORA_TRENDING_IMAGE_H
#define AURORA_TRENDING_IMAGE_H

#include <stddef.h>

#include "sketch.h"

#define IMAGE_FORMAT 2
#define IMAGE_KIND_TOPK 0x4b504f54u    /* "TOPK" */
#define IMAGE_KIND_RELATED 0x414c4552u /* "RELA" */

struct image {
    uint8_t *bytes; /* NULL while only the length is asked for */
    size_t at;
};

void aurora__image_put_u16(struct image *image, uint16_t value);
void aurora__image_put_u32(struct image *image, uint32_t value);
void aurora__image_put_f64(struct image *image, double value);
void aurora__image_begin(struct image *image, uint32_t kind, size_t length,
                         const struct decay *decay);
void aurora__image_end(struct image *image);
void aurora__image_put_sketch(struct image *image, const struct sketch *sketch);

struct image_reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    bool is_short; /* a field lay beyond the end; it was read as 0 */
};

uint16_t aurora__image_get_u16(struct image_reader *reader);
uint32_t aurora__image_get_u32(struct image_reader *reader);

/* A sum: false unless it is finite and 0..SKETCH_SUM_MAX. */
bool aurora__image_get_sum(struct image_reader *reader, double *sum_out);

/* A score and its error: false unless both are sums and the error is not above the score. */
bool aurora__image_get_bounds(struct image_reader *reader, double *score_out, double *error_out);

/* Checks all that frames the fields and reads the decay. AURORA_ECORRUPT, or AURORA_EINVAL for a
 * sound image of another half-life. */
aurora_status aurora__image_open(struct image_reader *reader, uint32_t kind, struct decay *decay);

/* Into an empty sketch; slots get the order of the image. */
aurora_status aurora__image_get_sketch(struct image_reader *reader, struct sketch *sketch);

/* Whether the fields ended where the checksum begins. */
bool aurora__image_is_at_end(const struct image_reader *reader);

#endif
