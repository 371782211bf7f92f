/* SPDX-License-Identifier: MIT */
/* The bytes of a request's head. Host and traceparent come last: another attempt may go to another
 * address, and is another span. */
#include <stdlib.h>
#include <string.h>

#include "http/decimal.h"
#include "upstream/internal.h"

static char *put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

static size_t text_size(const aurora_upstream_request *request)
{
    size_t size = strlen(request->method) + strlen(request->path) + strlen(request->query) + 128 +
                  AURORA__CALL_TAIL_BYTES;
    for (uint32_t i = 0; i < request->field_count; i++)
        size += request->fields[i].name_len + request->fields[i].value_len + 4;
    return size;
}

bool aurora__call_write(aurora_upstream_call *call)
{
    const aurora_upstream_request *request = &call->request;
    call->text = malloc(text_size(request));
    if (call->text == NULL)
        return false;
    char *at = put(call->text, request->method, strlen(request->method));
    *at++ = ' ';
    at = put(at, request->path, strlen(request->path));
    if (request->query[0] != '\0') {
        *at++ = '?';
        at = put(at, request->query, strlen(request->query));
    }
    at = put(at, " HTTP/1.1\r\nVia: 1.1 aurora\r\n", 28);
    for (uint32_t i = 0; i < request->field_count; i++) {
        const aurora_upstream_field *field = &request->fields[i];
        at = put(at, field->name, field->name_len);
        at = put(at, ": ", 2);
        at = put(at, field->value, field->value_len);
        at = put(at, "\r\n", 2);
    }
    if (request->has_body) {
        at = put(at, "Content-Length: ", 16);
        at = put(aurora__decimal_write(at, request->body_len), "\r\n", 2);
    }
    call->host_at = (size_t)(at - call->text);
    return true;
}

void aurora__call_write_tail(aurora_upstream_call *call)
{
    const char *address = call->address->text;
    char *at = put(call->text + call->host_at, "Host: ", 6);
    at = put(at, address, strlen(address));
    if (call->request.attempts != NULL) {
        at = put(at, "\r\ntraceparent: ", 15);
        aurora_http_attempt_parent(call->request.attempts, call->noted, at);
        at += AURORA_HTTP_TRACEPARENT_BYTES - 1;
    }
    at = put(at, "\r\n\r\n", 4);
    call->text_len = (size_t)(at - call->text);
    call->sent = 0;
}
