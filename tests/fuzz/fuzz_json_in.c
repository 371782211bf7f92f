/* SPDX-License-Identifier: MIT */
/* Can a body hurt us? Parses any bytes, reads what comes out in every way, writes it again and
 * reads that: what was taken once is taken twice, and says the same. ./dev fuzz builds and runs
 * it. */
#include "http/json_in.h"
#include "http/json_out.h"

#include <stdlib.h>
#include <string.h>

static void copy(aurora_json_out *out, const char *name, aurora_json_value value);

static void copy_object(aurora_json_out *out, const char *name, aurora_json_value value,
                        uint32_t count)
{
    aurora_json_out_object(out, name);
    for (uint32_t i = 0; i < count; i++) {
        aurora_json_value member;
        const char *member_name;
        aurora_json_member(value, i, &member_name, &member);
        copy(out, member_name, member);
    }
    aurora_json_out_close(out, '}');
}

/* Each value by the only reader that takes it. */
static void copy(aurora_json_out *out, const char *name, aurora_json_value value)
{
    aurora_json_error error;
    uint32_t count;
    const char *text;
    int64_t number;
    bool boolean;
    if (aurora_json_members(value, UINT32_MAX, &count, &error)) {
        copy_object(out, name, value, count);
    } else if (aurora_json_array(value, 0, UINT32_MAX, &count, &error)) {
        aurora_json_out_array(out, name);
        for (uint32_t i = 0; i < count; i++)
            copy(out, NULL, aurora_json_item(value, i));
        aurora_json_out_close(out, ']');
    } else if (aurora_json_text(value, 0, UINT32_MAX, &text, &error)) {
        aurora_json_out_text(out, name, text);
        (void)aurora_json_time(value, &number, &error);
    } else if (aurora_json_integer(value, INT64_MIN, INT64_MAX, &number, &error)) {
        aurora_json_out_int(out, name, number);
    } else if (aurora_json_bool(value, &boolean, &error)) {
        aurora_json_out_bool(out, name, boolean);
    } else {
        aurora_json_out_null(out, name);
    }
}

/* NULL where the text is refused, with an error that can be shown. */
static char *rewrite(const char *text, size_t len, size_t *len_out)
{
    static const char *const names[] = {"lines", "sku", "a"};
    aurora_json_doc *doc;
    aurora_json_error error;
    aurora_json_value values[3];
    aurora_json_out out = {0};
    if (!aurora_json_parse(text, len, &doc, &error)) {
        if (doc != NULL || error.code == NULL || error.detail[0] == '\0' ||
            memchr(error.pointer, '\0', sizeof error.pointer) == NULL ||
            (error.pointer[0] != '\0' && error.pointer[0] != '/'))
            abort();
        return NULL;
    }
    (void)aurora_json_object(aurora_json_root(doc), names, 3, values, &error);
    copy(&out, NULL, aurora_json_root(doc));
    aurora_json_free(doc);
    return aurora_json_out_end(&out, len_out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len, again_len;
    char *text = rewrite((const char *)data, size, &len);
    if (text == NULL)
        return 0;
    char *again = rewrite(text, len, &again_len);
    if (again == NULL || len != again_len || memcmp(text, again, len) != 0)
        abort();
    free(again);
    free(text);
    return 0;
}
