/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <string.h>

#define CHECKSUM_BYTES 8

static void put_bytes(struct image *image, const void *bytes, size_t length)
{
    if (image->bytes != NULL)
        memcpy(image->bytes + image->at, bytes, length);
    image->at += length;
}

static void put_u64(struct image *image, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    put_bytes(image, bytes, sizeof bytes);
}

void aurora__image_put_u16(struct image *image, uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    put_bytes(image, bytes, sizeof bytes);
}

void aurora__image_put_u32(struct image *image, uint32_t value)
{
    uint8_t bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    put_bytes(image, bytes, sizeof bytes);
}

void aurora__image_put_f64(struct image *image, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u64(image, bits);
}

/* FNV-1a, 64 bits: any change of one byte changes it. */
static uint64_t checksum(const uint8_t *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void aurora__image_begin(struct image *image, uint32_t kind, size_t length,
                         const struct decay *decay)
{
    aurora__image_put_u32(image, kind);
    aurora__image_put_u32(image, IMAGE_FORMAT);
    put_u64(image, length);
    put_u64(image, (uint64_t)decay->half_life_ms);
    put_u64(image, (uint64_t)decay->epoch);
    put_u64(image, (uint64_t)decay->newest_ms);
}

void aurora__image_end(struct image *image)
{
    put_u64(image, image->bytes == NULL ? 0 : checksum(image->bytes, image->at));
}

/* In the order of the heap, which a restored sketch then has too: it goes on to cut the same keys.
 * */
void aurora__image_put_sketch(struct image *image, const struct sketch *sketch)
{
    aurora__image_put_f64(image, sketch->floor);
    aurora__image_put_u32(image, sketch->count);
    for (uint32_t place = 0; place < sketch->count; place++) {
        const struct node *node = &sketch->nodes[place];
        const struct counter *counter = &sketch->counters[node->slot];
        uint8_t length = (uint8_t)counter->label.length;
        aurora__image_put_f64(image, node->score);
        aurora__image_put_f64(image, counter->error);
        put_bytes(image, &length, 1);
        put_bytes(image, counter->label.words, length);
    }
}

static const uint8_t *get_bytes(struct image_reader *reader, size_t length)
{
    if (reader->size - reader->at < length) {
        reader->is_short = true;
        return NULL;
    }
    const uint8_t *bytes = reader->bytes + reader->at;
    reader->at += length;
    return bytes;
}

static uint64_t get_number(struct image_reader *reader, int length)
{
    const uint8_t *bytes = get_bytes(reader, (size_t)length);
    uint64_t value = 0;
    for (int i = 0; bytes != NULL && i < length; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint16_t aurora__image_get_u16(struct image_reader *reader)
{
    return (uint16_t)get_number(reader, 2);
}

uint32_t aurora__image_get_u32(struct image_reader *reader)
{
    return (uint32_t)get_number(reader, 4);
}

bool aurora__image_get_sum(struct image_reader *reader, double *sum_out)
{
    uint64_t bits = get_number(reader, 8);
    memcpy(sum_out, &bits, sizeof bits);
    return *sum_out >= 0.0 && *sum_out <= SKETCH_SUM_MAX;
}

bool aurora__image_get_bounds(struct image_reader *reader, double *score_out, double *error_out)
{
    return aurora__image_get_sum(reader, score_out) && aurora__image_get_sum(reader, error_out) &&
           *error_out <= *score_out;
}

static bool read_decay(struct image_reader *reader, struct decay *decay)
{
    int64_t half_life_ms = (int64_t)get_number(reader, 8);
    int64_t epoch = (int64_t)get_number(reader, 8);
    int64_t newest_ms = (int64_t)get_number(reader, 8);
    if (!aurora__decay_is_time(half_life_ms) || half_life_ms == 0)
        return false;
    aurora__decay_init(decay, half_life_ms);
    if (newest_ms == -1)
        return epoch == 0;
    decay->epoch = epoch;
    decay->newest_ms = newest_ms;
    return aurora__decay_is_sound(decay);
}

aurora_status aurora__image_open(struct image_reader *reader, uint32_t kind, struct decay *decay)
{
    if (reader->size < CHECKSUM_BYTES)
        return AURORA_ECORRUPT;
    size_t length = reader->size;
    struct image_reader tail = {.bytes = reader->bytes + length - CHECKSUM_BYTES,
                                .size = CHECKSUM_BYTES};
    reader->size -= CHECKSUM_BYTES;
    if (aurora__image_get_u32(reader) != kind || aurora__image_get_u32(reader) != IMAGE_FORMAT ||
        get_number(reader, 8) != length ||
        get_number(&tail, 8) != checksum(reader->bytes, reader->size))
        return AURORA_ECORRUPT;
    struct decay stored;
    if (!read_decay(reader, &stored) || reader->is_short)
        return AURORA_ECORRUPT;
    if (stored.half_life_ms != decay->half_life_ms)
        return AURORA_EINVAL;
    *decay = stored;
    return AURORA_OK;
}

static bool read_counter(struct image_reader *reader, struct sketch *sketch)
{
    double score;
    double error;
    if (!aurora__image_get_bounds(reader, &score, &error) || score < sketch->floor)
        return false;
    uint32_t length = (uint32_t)get_number(reader, 1);
    const uint8_t *bytes = get_bytes(reader, length);
    struct label label;
    if (bytes == NULL || !aurora__label_make(bytes, length, &label) ||
        aurora__sketch_find(sketch, &label) != SKETCH_NO_SLOT)
        return false;
    aurora__sketch_offer(sketch, &label, score, error);
    return true;
}

aurora_status aurora__image_get_sketch(struct image_reader *reader, struct sketch *sketch)
{
    if (!aurora__image_get_sum(reader, &sketch->floor))
        return AURORA_ECORRUPT;
    uint32_t count = aurora__image_get_u32(reader);
    bool is_used = sketch->decay.newest_ms >= 0;
    if (reader->is_short || (!is_used && (count > 0 || sketch->floor > 0.0)))
        return AURORA_ECORRUPT;
    bool fits = count <= sketch->capacity;
    for (uint32_t i = 0; fits && i < count; i++) {
        if (!read_counter(reader, sketch))
            return AURORA_ECORRUPT;
    }
    return fits ? AURORA_OK : AURORA_ENOMEM;
}

bool aurora__image_is_at_end(const struct image_reader *reader)
{
    return !reader->is_short && reader->at == reader->size;
}
