/* SPDX-License-Identifier: MIT */
/* Requests: a pool of kept connections, hosts that take turns, and those that are down left out. */
#include "adapters/search_elastic/index.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define IDLE_MAX 8
#define BYTES_FIRST 65535
#define BYTES_KEPT ((size_t)1024 * 1024) /* of a buffer, from one call to the next */
#define REPLY_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define DOWN_MS 500 /* how long a host that refused a connection is left out */
#define LOG_MS 10000
#define REASON_BYTES 300

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void aurora__elastic_log(aurora__elastic_index *index, int32_t level, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    index->options.log(index->options.log_self, level, message);
}

/* Failures come in crowds: one line in ten seconds is enough. */
static bool may_complain(aurora__elastic_index *index)
{
    int64_t now_ms = clock_ms();
    pthread_mutex_lock(&index->mutex);
    bool may = index->logged_ms == 0 || now_ms - index->logged_ms >= LOG_MS;
    if (may)
        index->logged_ms = now_ms;
    pthread_mutex_unlock(&index->mutex);
    return may;
}

/* --- the pool --------------------------------------------------------------------------------- */

/* Less than what came ends the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *argument)
{
    aurora__elastic_call *call = argument;
    size_t length = size * count;
    call->is_too_large = length > REPLY_BYTES_MAX - call->reply.length;
    if (!call->is_too_large)
        aurora__elastic_text_add(&call->reply, bytes, length);
    return call->is_too_large || call->reply.is_failed ? !length : length;
}

/* What is the same for all requests; false without memory. */
static bool set_options(aurora__elastic_call *call)
{
    const aurora__elastic_address *address = &call->index->address;
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)address->connect_ms);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    /* The environment of a host (http_proxy) has no say about where products go. */
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "aurora") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, address->has_tls ? "https" : "http") ==
               CURLE_OK &&
           (address->user[0] == '\0' ||
            (curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_USERPWD, address->user) == CURLE_OK)) &&
           (address->ca_file[0] == '\0' ||
            (curl_easy_setopt(easy, CURLOPT_CAINFO, address->ca_file) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* The pair of headers that every request with a body has. */
static struct curl_slist *headers_of(const char *content_type)
{
    struct curl_slist *first = curl_slist_append(NULL, content_type);
    struct curl_slist *both = first == NULL ? NULL : curl_slist_append(first, "Expect:");
    if (both == NULL)
        curl_slist_free_all(first);
    return both;
}

static aurora__elastic_call *new_call(aurora__elastic_index *index)
{
    const aurora_allocator *allocator = index->options.allocator;
    aurora__elastic_call *call = allocator->allocate(allocator->self, sizeof *call);
    if (call == NULL)
        return NULL;
    memset(call, 0, sizeof *call);
    call->index = index;
    call->request.allocator = call->reply.allocator = allocator;
    call->easy = curl_easy_init();
    call->json = headers_of("Content-Type: application/json");
    call->ndjson = headers_of("Content-Type: application/x-ndjson");
    if (call->easy != NULL && call->json != NULL && call->ndjson != NULL && set_options(call) &&
        aurora__elastic_text_reserve(&call->request, BYTES_FIRST) &&
        aurora__elastic_text_reserve(&call->reply, BYTES_FIRST))
        return call;
    aurora__elastic_call_free(call);
    return NULL;
}

void aurora__elastic_call_free(aurora__elastic_call *call)
{
    const aurora_allocator *allocator = call->index->options.allocator;
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->json);
    curl_slist_free_all(call->ndjson);
    aurora__elastic_text_free(&call->request);
    aurora__elastic_text_free(&call->reply);
    allocator->release(allocator->self, call);
}

aurora__elastic_call *aurora__elastic_call_take(aurora__elastic_index *index)
{
    pthread_mutex_lock(&index->mutex);
    aurora__elastic_call *call = index->idle;
    if (call != NULL) {
        index->idle = call->next;
        index->idle_count--;
    }
    pthread_mutex_unlock(&index->mutex);
    if (call == NULL)
        return new_call(index);
    call->end_ms = 0;
    return call;
}

void aurora__elastic_call_bound(aurora__elastic_call *call, int64_t time_max_ms)
{
    call->end_ms = time_max_ms > 0 ? clock_ms() + time_max_ms : 0;
}

void aurora__elastic_call_give(aurora__elastic_call *call)
{
    aurora__elastic_index *index = call->index;
    bool is_good = !call->request.is_failed && !call->reply.is_failed &&
                   call->request.size <= BYTES_KEPT && call->reply.size <= BYTES_KEPT;
    pthread_mutex_lock(&index->mutex);
    is_good = is_good && index->idle_count < IDLE_MAX;
    if (is_good) {
        call->next = index->idle;
        index->idle = call;
        index->idle_count++;
    }
    pthread_mutex_unlock(&index->mutex);
    if (!is_good)
        aurora__elastic_call_free(call);
}

/* --- hosts ------------------------------------------------------------------------------------ */

/* The next host that is up; false where all are left out for the moment. */
static bool choose_host(aurora__elastic_index *index, uint32_t *out)
{
    int64_t now_ms = clock_ms();
    bool is_found = false;
    pthread_mutex_lock(&index->mutex);
    for (uint32_t i = 0; i < index->address.host_count && !is_found; i++) {
        *out = index->turn++ % index->address.host_count;
        is_found = index->down_until_ms[*out] <= now_ms;
    }
    pthread_mutex_unlock(&index->mutex);
    return is_found;
}

static void leave_out(aurora__elastic_index *index, uint32_t host)
{
    pthread_mutex_lock(&index->mutex);
    index->down_until_ms[host] = clock_ms() + DOWN_MS;
    pthread_mutex_unlock(&index->mutex);
}

/* --- a request -------------------------------------------------------------------------------- */

void aurora__elastic_call_path(aurora__elastic_call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->path, sizeof call->path, format, arguments);
    va_end(arguments);
    aurora__elastic_text_clear(&call->request);
}

static CURLcode send_to(aurora__elastic_call *call, uint32_t host, const char *method,
                        int64_t timeout_ms)
{
    const aurora__elastic_address *address = &call->index->address;
    char url[AURORA__ELASTIC_HOST_BYTES + AURORA__ELASTIC_PATH_BYTES + 16];
    CURL *easy = call->easy;
    bool has_body = call->request.length > 0;
    bool is_head = strcmp(method, "HEAD") == 0;
    bool is_bulk = strncmp(call->path, "/_bulk", 6) == 0;
    snprintf(url, sizeof url, "%s://%s%s", address->has_tls ? "https" : "http",
             address->hosts[host], call->path);
    aurora__elastic_text_clear(&call->reply);
    call->http_status = 0;
    call->is_too_large = false;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->request.length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->request.bytes);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
                     !has_body ? NULL
                     : is_bulk ? call->ndjson
                               : call->json);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    if (curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_head ? NULL : method) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &call->http_status);
    return code;
}

/* Whether another host may do better: nothing came back, or a proxy's word that nobody is there. */
static bool is_down(const aurora__elastic_call *call, CURLcode code)
{
    if (code == CURLE_OK)
        return call->http_status == 502 || call->http_status == 503 || call->http_status == 504;
    return code != CURLE_OUT_OF_MEMORY && code != CURLE_WRITE_ERROR;
}

static void complain(const aurora__elastic_call *call, uint32_t host, CURLcode code)
{
    const char *why = call->is_too_large ? "the answer is longer than 64 MiB"
                      : code == CURLE_OK ? "it has no server for us"
                                         : curl_easy_strerror(code);
    if (may_complain(call->index))
        aurora__elastic_log(call->index, AURORA_LOG_WARNING, "%s did not answer: %s",
                            call->index->address.hosts[host], why);
}

/* Curl's clock may be ahead of ours by a tick. */
static bool is_late(const aurora__elastic_call *call)
{
    return call->end_ms != 0 && clock_ms() + 1 >= call->end_ms;
}

/* Every request may be sent twice: documents carry versions, and the document of the state the
 * place in its history that it follows. */
static aurora_status try_hosts(aurora__elastic_call *call, const char *method, int64_t timeout_ms)
{
    aurora__elastic_index *index = call->index;
    int64_t end_ms = clock_ms() + timeout_ms;
    CURLcode code = CURLE_COULDNT_CONNECT;
    uint32_t host;
    for (uint32_t i = 0; i < index->address.host_count; i++) {
        int64_t left_ms = end_ms - clock_ms();
        if (left_ms <= 0 || !choose_host(index, &host))
            break;
        code = send_to(call, host, method, left_ms);
        if (call->reply.is_failed || code == CURLE_OUT_OF_MEMORY)
            return AURORA_ENOMEM;
        if (!is_down(call, code))
            break;
        if (code == CURLE_OPERATION_TIMEDOUT && is_late(call))
            return AURORA_ETIMEDOUT;
        /* A lone host that is slow is asked again; one that is gone is not, for a moment. */
        bool is_gone = code != CURLE_OK && code != CURLE_OPERATION_TIMEDOUT;
        if (is_gone || index->address.host_count > 1)
            leave_out(index, host);
        complain(call, host, code);
    }
    if (code == CURLE_WRITE_ERROR)
        complain(call, host, code);
    return code == CURLE_OK ? AURORA_OK : AURORA_EIO;
}

static bool is_servers_fault(const aurora__elastic_call *call, aurora_status rc)
{
    return rc == AURORA_EIO || (rc == AURORA_OK && is_down(call, CURLE_OK));
}

aurora_status aurora__elastic_call_run(aurora__elastic_call *call, const char *method,
                                       int64_t timeout_ms)
{
    uint64_t ticket;
    if (call->request.is_failed)
        return AURORA_ENOMEM;
    if (is_late(call))
        return AURORA_ETIMEDOUT;
    if (call->end_ms != 0 && call->end_ms - clock_ms() < timeout_ms)
        timeout_ms = call->end_ms - clock_ms();
    if (!aurora__elastic_gate_enter(call->index, &ticket))
        return AURORA_EIO;
    aurora_status rc = try_hosts(call, method, timeout_ms);
    aurora__elastic_gate_leave(call->index, ticket,
                               rc == AURORA_ENOMEM || rc == AURORA_ETIMEDOUT
                                   ? AURORA_BREAKER_IGNORED
                               : is_servers_fault(call, rc) ? AURORA_BREAKER_FAILURE
                                                            : AURORA_BREAKER_SUCCESS);
    return rc;
}

cJSON *aurora__elastic_call_tree(const aurora__elastic_call *call)
{
    if (call->reply.length == 0)
        return NULL;
    return cJSON_ParseWithLengthOpts(call->reply.bytes, call->reply.length + 1, NULL, 1);
}

/* The server's own words, in one line of bounded length. */
static void read_reason(const aurora__elastic_call *call, char *type, char *reason)
{
    cJSON *tree = aurora__elastic_call_tree(call);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(tree, "error");
    const cJSON *type_item = cJSON_GetObjectItemCaseSensitive(error, "type");
    const cJSON *reason_item = cJSON_GetObjectItemCaseSensitive(error, "reason");
    snprintf(type, REASON_BYTES, "%s", cJSON_IsString(type_item) ? type_item->valuestring : "");
    snprintf(reason, REASON_BYTES, "%s",
             cJSON_IsString(reason_item) ? reason_item->valuestring : "without a reason");
    for (char *at = reason; *at != '\0'; at++)
        *at = (unsigned char)*at < 0x20 ? ' ' : *at;
    cJSON_Delete(tree);
}

aurora_status aurora__elastic_call_ask(aurora__elastic_call *call, const char *method,
                                       int64_t timeout_ms)
{
    char type[REASON_BYTES];
    char reason[REASON_BYTES];
    aurora_status rc = aurora__elastic_call_run(call, method, timeout_ms);
    if (rc != AURORA_OK)
        return rc;
    if (call->http_status >= 200 && call->http_status < 300)
        return AURORA_OK;
    if (call->http_status == 404)
        return AURORA_ENOTFOUND;
    if (call->http_status == 409)
        return AURORA_ECONFLICT;
    read_reason(call, type, reason);
    if (may_complain(call->index))
        aurora__elastic_log(call->index, AURORA_LOG_WARNING, "the index answered %ld %s: %s",
                            call->http_status, type, reason);
    return strcmp(type, "cluster_block_exception") == 0 ? AURORA_EFULL : AURORA_EIO;
}
