/* SPDX-License-Identifier: MIT */
/* What every other header needs: the export macro, sizes that bound user data, ids, the caller's
 * error struct and small input types. Not a place for behaviour. */
#ifndef AURORA_BASE_H
#define AURORA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/status.h>
#include <aurora/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits on input, in bytes without the NUL or in pieces. A value beyond one answers AURORA_EINVAL
 * and names the field. */
#define AURORA_SKU_BYTES_MAX 64     /* 1..64 bytes, no control character, '/' or outer space */
#define AURORA_KEY_BYTES_MAX 255    /* idempotency keys, movement keys, references */
#define AURORA_TEXT_BYTES_MAX 255   /* customer ids, payment methods, contacts, labels, reasons */
#define AURORA_NAME_BYTES_MAX 512   /* product names, brands, categories */
#define AURORA_BODY_BYTES_MAX 65536 /* product descriptions, image addresses, notes (1,024) */
#define AURORA_NOTE_BYTES_MAX 1024  /* notes of cancels and repairs */
#define AURORA_ORDER_LINES_MAX 1000 /* lines of an order or a reservation */
#define AURORA_ORDER_CHARGES_MAX 64 /* charges of an order */
#define AURORA_PAIRS_MAX 16         /* metadata of an order */
#define AURORA_ATTRIBUTES_MAX 64    /* attributes of a product */
#define AURORA_QUANTITY_MAX 1000000 /* of one line; a line's quantity is 1..1,000,000 */
#define AURORA_MOVEMENT_MAX 1000000000       /* of one receipt or adjustment */
#define AURORA_PRICE_MINOR_MAX 1000000000000 /* of one price, charge or amount */

/* A UUIDv7 (RFC 9562) in network byte order: sorts by time of creation. */
typedef struct {
    uint8_t bytes[16]; /* the id; all zero = none */
} aurora_id;

#define AURORA_ID_TEXT_BYTES 37 /* 36 characters and the NUL */

/* The caller's memory for the last failure of one call: which argument or field broke which rule.
 * `field` is empty where no single field is to blame. Both texts are NUL-terminated UTF-8, cut at a
 * character. Written only when the call fails. */
typedef struct {
    uint32_t size;        /* sizeof(aurora_error), set by AURORA_ERROR_INIT */
    aurora_status status; /* what the call returned */
    char field[64];       /* "lines[3].quantity", "" */
    char message[188];    /* "must be 1 to 1000000, is 0" */
} aurora_error;

/* For the declaration of an aurora_error, in C and C++. */
#define AURORA_ERROR_INIT                                                                          \
    {                                                                                              \
        (uint32_t)sizeof(aurora_error), 0, "", ""                                                  \
    }

/* What AURORA_ERROR_INIT is to C: clears *err and sets its size. Threads: confined. */
AURORA_API void aurora_error_init(aurora_error *err);

/* One line of an order or of a reservation. Arrays of it have this pinned layout. */
typedef struct {
    const char *sku;          /* what is bought */
    int64_t quantity;         /* 1..1,000,000 */
    int64_t unit_price_minor; /* 0..10^12; read only where the call says so, else leave 0 */
} aurora_line;

/* A name and a value of the host's: metadata of an order, attributes of a product. */
typedef struct {
    const char *name;  /* not empty */
    const char *value; /* may be empty */
} aurora_pair;

/* Writes the 36 characters of `id` in lower case and a NUL. Threads: shared. RFC 9562, section
 * 4. */
AURORA_API void aurora_id_format(aurora_id id, char text_out[AURORA_ID_TEXT_BYTES]);

/* Reads the 36-character form, either case. Returns AURORA_EINVAL for anything else and leaves
 * *id_out alone. Threads: shared. */
AURORA_API aurora_status aurora_id_parse(const char *text, aurora_id *id_out);

/* Whether both ids are the same. Threads: shared. */
static inline bool aurora_id_is_equal(aurora_id a, aurora_id b)
{
    for (int i = 0; i < 16; i++) {
        if (a.bytes[i] != b.bytes[i])
            return false;
    }
    return true;
}

/* Below 0 where `a` comes before `b`, as by time of creation, 0 where they are the same, above 0
 * otherwise. Threads: shared. */
AURORA_API int32_t aurora_id_compare(aurora_id a, aurora_id b);

#ifdef __cplusplus
}
#endif
#endif
