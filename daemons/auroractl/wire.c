/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/route.h"
#include "http/signature.h"

#define CONNECT_MS 5000
#define ANSWER_MS 60000 /* beside what the request itself asks to wait */
#define FIELD_BYTES 512
#define BODY_BYTES_MAX ((size_t)1 << 30)

bool ctl_endpoint_is_url(const char *url)
{
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : "";
    size_t length = strcspn(host, "/?#@ ");
    return length > 0 && length < 300 && (host[length] == 0 || strcmp(host + length, "/") == 0);
}

bool ctl_request_is_safe(const ctl_request *request)
{
    return request->is_repeatable || request->key != NULL || strcmp(request->method, "GET") == 0;
}

bool ctl_exchange_init(ctl_exchange *exchange)
{
    exchange->curl = curl_easy_init();
    return exchange->curl != NULL;
}

static void drop_reply(ctl_exchange *exchange)
{
    free(exchange->reply.body);
    exchange->reply = (ctl_reply){0};
}

void ctl_exchange_deinit(ctl_exchange *exchange)
{
    curl_slist_free_all(exchange->fields);
    curl_easy_cleanup(exchange->curl);
    drop_reply(exchange);
    exchange->fields = NULL;
    exchange->curl = NULL;
}

static size_t keep_body(char *data, size_t size, size_t count, void *self)
{
    ctl_reply *reply = self;
    size_t length = size * count;
    if (length > BODY_BYTES_MAX - reply->body_len)
        return 0;
    char *grown = realloc(reply->body, reply->body_len + length + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + reply->body_len, data, length);
    reply->body = grown;
    reply->body_len += length;
    grown[reply->body_len] = 0;
    return length;
}

static bool add_field(ctl_exchange *exchange, const char *name, const char *value)
{
    char field[FIELD_BYTES];
    int length = snprintf(field, sizeof field, "%s: %s", name, value);
    struct curl_slist *grown = length < 0 || (size_t)length >= sizeof field
                                   ? NULL
                                   : curl_slist_append(exchange->fields, field);
    if (grown == NULL)
        return false;
    exchange->fields = grown;
    return true;
}

/* A key may hold any character: as a structured field's string it is quoted. */
static bool add_key(ctl_exchange *exchange, const char *key)
{
    char quoted[FIELD_BYTES];
    size_t length = 0;
    quoted[length++] = '"';
    for (; *key != 0 && length + 3 < sizeof quoted; key++) {
        if (*key == '"' || *key == '\\')
            quoted[length++] = '\\';
        quoted[length++] = *key;
    }
    quoted[length++] = '"';
    quoted[length] = 0;
    return add_field(exchange, "Idempotency-Key", quoted);
}

static bool has_secret(const ctl_endpoint *endpoint)
{
    return endpoint->secret != NULL && endpoint->secret[0] != 0;
}

/* Who asks: signed with the secret; without one believed for the sake of our certificate. */
static bool identify(ctl_exchange *exchange, const ctl_endpoint *endpoint,
                     const ctl_request *request)
{
    char path[CTL_TARGET_BYTES], scopes[160], deadline[24], text[AURORA_SIGNATURE_TEXT_BYTES];
    const ctl_target *target = request->target;
    const char *principal = request->principal != NULL ? request->principal : endpoint->principal;
    size_t path_length = target->query_at == 0 ? target->length : target->query_at;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(path, target->text, path_length);
    path[path_length] = 0;
    aurora_scopes_write(AURORA_SCOPE_ALL, scopes);
    snprintf(deadline, sizeof deadline, "%" PRId64,
             (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ANSWER_MS +
                 (int64_t)request->wait_s * 1000);
    aurora_signed_request signed_request = {
        .method = request->method,
        .path = path,
        .query = target->query_at == 0 ? "" : target->text + target->query_at + 1,
        .body = request->body == NULL ? "" : request->body,
        .body_len = request->body == NULL ? 0 : request->body_len,
        .principal = principal,
        .scopes = scopes,
        .deadline = deadline};
    if (has_secret(endpoint))
        aurora_signature_write(endpoint->secret, &signed_request, text);
    return add_field(exchange, "Aurora-Principal", principal) &&
           add_field(exchange, "Aurora-Scopes", scopes) &&
           add_field(exchange, "Aurora-Deadline", deadline) &&
           (!has_secret(endpoint) || add_field(exchange, "Aurora-Signature", text));
}

static bool add_fields(ctl_exchange *exchange, const ctl_endpoint *endpoint,
                       const ctl_request *request)
{
    char wait[32];
    curl_slist_free_all(exchange->fields);
    exchange->fields = NULL;
    snprintf(wait, sizeof wait, "wait=%" PRIu32, request->wait_s);
    /* curl would ask before it sends a large body, and wait for the answer. */
    return add_field(exchange, "Expect", "") && add_field(exchange, "Accept", "application/json") &&
           (request->body == NULL || add_field(exchange, "Content-Type", "application/json")) &&
           (request->key == NULL || add_key(exchange, request->key)) &&
           (request->wait_s == 0 || add_field(exchange, "Prefer", wait)) &&
           ((!has_secret(endpoint) && endpoint->certificate == NULL) ||
            identify(exchange, endpoint, request));
}

aurora_status ctl_exchange_dress(ctl_exchange *exchange, const ctl_endpoint *endpoint,
                                 const ctl_request *request)
{
    CURL *curl = exchange->curl;
    size_t base_length = strlen(endpoint->base);
    base_length -= base_length > 0 && endpoint->base[base_length - 1] == '/';
    drop_reply(exchange);
    if (request->target->is_cut)
        return AURORA_ETOOBIG;
    if (!add_fields(exchange, endpoint, request))
        return AURORA_ENOMEM;
    snprintf(exchange->url, sizeof exchange->url, "%.*s%s", (int)base_length, endpoint->base,
             request->target->text);
    curl_easy_reset(curl); /* keeps its connections */
    curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (endpoint->ca != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, endpoint->ca);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, endpoint->certificate);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, endpoint->certificate_key);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "auroractl/" AURORA_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS + (long)request->wait_s * 1000);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->reply.failure);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange->reply);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, exchange);
    if (request->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->fields);
    return AURORA_OK;
}

void ctl_exchange_finish(ctl_exchange *exchange, CURLcode outcome)
{
    ctl_reply *reply = &exchange->reply;
    long status = 0, sent = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->curl, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(exchange->curl, CURLINFO_RETRY_AFTER, &retry_after);
    reply->was_sent = sent > 0;
    reply->status = outcome == CURLE_OK ? (int)status : 0;
    reply->retry_after_s = retry_after > 0 && retry_after < 3600 ? (uint32_t)retry_after : 0;
    if (outcome != CURLE_OK && reply->failure[0] == 0)
        snprintf(reply->failure, sizeof reply->failure, "%s", curl_easy_strerror(outcome));
}
