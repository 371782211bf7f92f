/* SPDX-License-Identifier: MIT */
/* JSON that we send: a growing text with the commas in place. Text that is not UTF-8 becomes
 * U+FFFD; integers are written exactly. Without memory it goes on as failed, which is asked once at
 * the end. */
#ifndef AURORA_HTTP_JSON_OUT_H
#define AURORA_HTTP_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>

typedef struct {
    char *text; /* malloc; NUL-terminated after aurora_json_out_end */
    size_t len;
    size_t capacity;
    bool needs_comma;
    bool is_failed;
} aurora_json_out; /* zeroed = empty */

/* `name` NULL: an element of an array, or the whole value. */
void aurora_json_out_object(aurora_json_out *out, const char *name);
void aurora_json_out_array(aurora_json_out *out, const char *name);
void aurora_json_out_close(aurora_json_out *out, char bracket); /* '}' or ']' */
void aurora_json_out_text(aurora_json_out *out, const char *name,
                          const char *value); /* NULL: null */
void aurora_json_out_int(aurora_json_out *out, const char *name, int64_t value);
void aurora_json_out_uint(aurora_json_out *out, const char *name, uint64_t value);
void aurora_json_out_double(aurora_json_out *out, const char *name,
                            double value); /* not finite: null */
void aurora_json_out_bool(aurora_json_out *out, const char *name, bool value);
void aurora_json_out_null(aurora_json_out *out, const char *name);
void aurora_json_out_id(aurora_json_out *out, const char *name, aurora_id id); /* all zero: null */
/* RFC 3339 UTC with microseconds; 0: null. */
void aurora_json_out_time(aurora_json_out *out, const char *name, int64_t unix_ms);
/* A value that is JSON already. */
void aurora_json_out_raw(aurora_json_out *out, const char *name, const char *json, size_t len);

/* Ends the text. Returns the text, to be freed with free, or NULL when it failed; *out is empty
 * again. */
char *aurora_json_out_end(aurora_json_out *out, size_t *len_out);
void aurora_json_out_drop(aurora_json_out *out);

#endif
