/* SPDX-License-Identifier: MIT */
/* The fields of an answer that are not the connection's (RFC 9110, 7.6.1). */
#include <string.h>

#include "http/gate_part.h"
#include "upstream/reply.h"

bool aurora_upstream_is_of_connection(const char *name, size_t len)
{
    static const char *const names[] = {
        "connection", "keep-alive",        "proxy-connection", "proxy-authenticate",
        "te",         "transfer-encoding", "trailer",          "proxy-authorization",
        "upgrade",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (aurora__gate_is_same(name, len, names[i]))
            return true;
    }
    return false;
}

static uint32_t read_all(const aurora__reply *reply, char *data, aurora_upstream_field *out)
{
    uint32_t at = reply->fields_at, count = 0;
    aurora__gate_field field;
    while (count < reply->field_count &&
           aurora__gate_next_field(data, reply->head_len, &at, &field)) {
        data[field.name_at + field.name_len] = '\0';
        data[field.value_at + field.value_len] = '\0';
        out[count++] = (aurora_upstream_field){data + field.name_at, data + field.value_at,
                                               field.name_len, field.value_len};
    }
    return count;
}

uint32_t aurora__reply_fields(const aurora__reply *reply, char *data, aurora_upstream_field *out)
{
    uint32_t all = read_all(reply, data, out), kept = 0, connections = 0;
    const char *lists[8];
    for (uint32_t i = 0; i < all; i++) {
        if (aurora__gate_is_same(out[i].name, out[i].name_len, "connection") && connections < 8)
            lists[connections++] = out[i].value;
    }
    for (uint32_t i = 0; i < all; i++) {
        bool is_ours = aurora_upstream_is_of_connection(out[i].name, out[i].name_len);
        for (uint32_t j = 0; j < connections && !is_ours; j++)
            is_ours = aurora__gate_has_option(lists[j], strlen(lists[j]), out[i].name);
        if (!is_ours)
            out[kept++] = out[i];
    }
    return kept;
}
