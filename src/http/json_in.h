/* SPDX-License-Identifier: MIT */
/* JSON that strangers send: cJSON behind checks of our own. Accepted is RFC 8259 in valid UTF-8,
 * nothing after the value, depth at most 32, no field twice in an object, no NUL character, no
 * number of more than 63 characters, at most AURORA_JSON_VALUES_MAX values in all. A number that is
 * read as an integer has neither fraction nor exponent and is exact. Every refusal names its place
 * as a JSON pointer (RFC 6901); where that is too long, the pointer of what it stands in.
 *
 * Threads: a document is confined to one thread, readers of it too. */
#ifndef AURORA_HTTP_JSON_IN_H
#define AURORA_HTTP_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA_JSON_VALUES_MAX 10000        /* an order of 1,000 lines has half of it */
#define AURORA_JSON_BATCH_VALUES_MAX 100000 /* 1,000 products with all their attributes */

typedef struct aurora_json_doc aurora_json_doc; /* a parsed text */
typedef struct {
    const void *node; /* NULL = absent; JSON null is not absent */
    uint32_t path;    /* where it stands, for pointers */
    const aurora_json_doc *doc;
} aurora_json_value;

typedef struct {
    const char *code;  /* "invalid_json", "unknown_field", "duplicate_field", "invalid_field"; or
                        * "unavailable": nothing is wrong but that there is no memory */
    char pointer[256]; /* "/lines/0/quantity"; "" = the whole text */
    char detail[188];  /* "must be an integer from 1 to 1000000" */
} aurora_json_error;

/* Parses a text, which must outlive the document. False with *error filled. */
bool aurora_json_parse(const char *text, size_t len, aurora_json_doc **out,
                       aurora_json_error *error);
/* The same with at most AURORA_JSON_BATCH_VALUES_MAX values. */
bool aurora_json_parse_batch(const char *text, size_t len, aurora_json_doc **out,
                             aurora_json_error *error);
/* The same for a text that we asked for, such as a server's answer: any number of values. */
bool aurora_json_parse_long(const char *text, size_t len, aurora_json_doc **out,
                            aurora_json_error *error);
void aurora_json_free(aurora_json_doc *doc);
aurora_json_value aurora_json_root(const aurora_json_doc *doc);

/* Reads an object: values_out[i] is the member names[i], absent where it is not there or null. Any
 * other member is refused. The names must outlive the document. */
bool aurora_json_object(aurora_json_value value, const char *const *names, uint32_t count,
                        aurora_json_value *values_out, aurora_json_error *error);
/* Members of an object with free names (metadata, attributes), at most `max`: their number, then
 * one by one in the order sent. */
bool aurora_json_members(aurora_json_value value, uint32_t max, uint32_t *count_out,
                         aurora_json_error *error);
void aurora_json_member(aurora_json_value value, uint32_t index, const char **name_out,
                        aurora_json_value *value_out);
bool aurora_json_array(aurora_json_value value, uint32_t min, uint32_t max, uint32_t *count_out,
                       aurora_json_error *error);
aurora_json_value aurora_json_item(aurora_json_value value, uint32_t index);

static inline bool aurora_json_is_present(aurora_json_value value)
{
    return value.node != NULL;
}

/* Each refuses an absent value as required ("is required"). Texts belong to the document; min and
 * max are bytes. */
bool aurora_json_text(aurora_json_value value, uint32_t min, uint32_t max, const char **out,
                      aurora_json_error *error);
bool aurora_json_integer(aurora_json_value value, int64_t min, int64_t max, int64_t *out,
                         aurora_json_error *error);
bool aurora_json_bool(aurora_json_value value, bool *out, aurora_json_error *error);
/* RFC 3339 with an offset; Unix milliseconds. */
bool aurora_json_time(aurora_json_value value, int64_t *ms_out, aurora_json_error *error);

/* A present value as it stands in the text of the document; not NUL-terminated. */
const char *aurora_json_raw(aurora_json_value value, size_t *len_out);

/* Refuses `value` by a rule of the caller's. Returns false. */
bool aurora_json_refuse(aurora_json_value value, aurora_json_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
