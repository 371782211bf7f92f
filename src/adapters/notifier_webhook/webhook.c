/* SPDX-License-Identifier: MIT */
#include "adapters/notifier_webhook/webhook.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/sender/sender.h"

#define TIMEOUT_MS 5000
#define REPLY_BYTES_MAX ((size_t)65536)
#define URL_BYTES 2048
#define HEADER_BYTES 160

typedef struct {
    aurora_allocator allocator;
    aurora__sender *sender;
    bool may_reach_private;
    bool is_https;
    size_t key_len;
    uint8_t key[AURORA__WEBHOOK_KEY_BYTES];
    char url[URL_BYTES];
} webhook;

/* One transfer. */
typedef struct {
    const webhook *self;
    struct curl_slist *headers;
    size_t reply_len;
    bool was_private; /* an address that must not be reached */
    size_t body_len;
    char body[AURORA__WEBHOOK_BODY_BYTES];
} delivery;

/* --- what libcurl asks ------------------------------------------------------------------------ */

/* The address that was resolved, right before it is connected to: a name that resolves to another
 * one the second time cannot pass. */
static curl_socket_t open_socket(void *argument, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    delivery *own = argument;
    (void)purpose;
    if (!own->self->may_reach_private && !aurora__webhook_is_public(&address->addr)) {
        own->was_private = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The answer's status is all that counts; its body is read, up to a bound, and forgotten. */
static size_t take_reply(char *bytes, size_t size, size_t count, void *argument)
{
    delivery *own = argument;
    (void)bytes;
    own->reply_len += size * count;
    return own->reply_len <= REPLY_BYTES_MAX ? size * count : 0;
}

/* --- one delivery ----------------------------------------------------------------------------- */

static bool add_header(delivery *own, const char *name, const char *value)
{
    char line[HEADER_BYTES];
    int len = snprintf(line, sizeof line, "%s:%s%s", name, value[0] != '\0' ? " " : "", value);
    struct curl_slist *headers =
        len < (int)sizeof line ? curl_slist_append(own->headers, line) : NULL;
    if (headers != NULL)
        own->headers = headers;
    return headers != NULL;
}

/* Signed when it is sent: receivers refuse old timestamps. */
static bool add_headers(delivery *own, const aurora_task *task)
{
    char id[AURORA__WEBHOOK_ID_BYTES], timestamp[24];
    char signature[AURORA__WEBHOOK_SIGNATURE_BYTES];
    int64_t now_s = (int64_t)time(NULL);
    aurora__webhook_id(task, id);
    snprintf(timestamp, sizeof timestamp, "%" PRId64, now_s);
    return aurora__webhook_sign(own->self->key, own->self->key_len, id, now_s, own->body,
                                own->body_len, signature) &&
           add_header(own, "Content-Type", "application/cloudevents+json") &&
           add_header(own, "Webhook-Id", id) && add_header(own, "Webhook-Timestamp", timestamp) &&
           add_header(own, "Webhook-Signature", signature) && add_header(own, "Expect", "") &&
           (task->traceparent == NULL || strpbrk(task->traceparent, "\r\n") != NULL ||
            add_header(own, "traceparent", task->traceparent));
}

static bool set_options(const webhook *self, CURL *easy, delivery *own)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, own);
    /* A connection that is kept was judged by an earlier delivery; a new one costs little. */
    if (!self->may_reach_private)
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 60L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_reply);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, own);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, own);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)own->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, own->body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, own->headers);
    return curl_easy_setopt(easy, CURLOPT_USERAGENT, "aurora") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, self->is_https ? "https" : "http") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, self->url) == CURLE_OK;
}

/* Whoever said "gone" wants no more of it; all other trouble may pass. */
static void judge(const delivery *own, CURL *easy, CURLcode code, const aurora_task *task,
                  aurora__sender_result *result)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    char why[64];
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    bool is_whole = code == CURLE_OK || own->reply_len > REPLY_BYTES_MAX;
    snprintf(why, sizeof why, "HTTP %ld", status);
    if (!is_whole && own->was_private) { /* and no other address of the name took it */
        aurora__sender_again(task, 0, result,
                             "its address is private (notify_allow_private is false)");
        snprintf(result->code, sizeof result->code, "private_address");
    } else if (!is_whole)
        aurora__sender_again(task, 0, result, curl_easy_strerror(code));
    else if (status >= 200 && status < 300)
        result->outcome = AURORA_OUTCOME_DONE;
    else if (status == 410)
        aurora__sender_decline(result, "gone", why);
    else
        aurora__sender_again(
            task, (int64_t)(retry_after_s < 3600 ? retry_after_s : 3600) * 1000, result,
            own->reply_len > REPLY_BYTES_MAX && status == 0 ? "the answer is longer than 64 KiB"
                                                            : why);
}

static void deliver(void *argument, CURL *easy, const aurora_task *task,
                    aurora__sender_result *result)
{
    const webhook *self = argument;
    delivery own = {.self = self};
    own.body_len = aurora__webhook_body(task, own.body);
    if (own.body_len == 0)
        aurora__sender_decline(result, "too_large", "its texts are too long");
    else if (!add_headers(&own, task) || !set_options(self, easy, &own))
        aurora__sender_again(task, 0, result, "out of memory");
    else
        judge(&own, easy, curl_easy_perform(easy), task, result);
    curl_slist_free_all(own.headers);
}

/* --- the port --------------------------------------------------------------------------------- */

static uint32_t room(void *argument)
{
    return aurora__sender_room(((webhook *)argument)->sender);
}

static aurora_status start(void *argument, aurora_t *shop, const aurora_task *task)
{
    return aurora__sender_start(((webhook *)argument)->sender, shop, task);
}

static void stop(void *argument)
{
    aurora__sender_stop(((webhook *)argument)->sender);
}

static void breaker(void *argument, aurora_breaker_figures *figures_out)
{
    aurora__sender_breaker(((webhook *)argument)->sender, figures_out);
}

static void close_webhook(void *argument)
{
    webhook *self = argument;
    aurora__sender_free(self->sender);
    OPENSSL_cleanse(self->key, sizeof self->key);
    aurora_allocator allocator = self->allocator;
    allocator.release(allocator.self, self);
}

/* --- open ------------------------------------------------------------------------------------- */

static aurora_status refuse(aurora_error *err, const char *message)
{
    return aurora__sender_refuse(err, AURORA_EINVAL, "notify", message);
}

/* libcurl has turned every way to write an IPv4 address (0x7f.1, 2130706433) into four numbers, but
 * for one with the dot of an absolute name behind it. */
static bool is_private_number(const char *host)
{
    char text[64];
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    size_t len = strlen(host);
    snprintf(text, sizeof text, "%.*s", (int)(len - (len > 0 && host[len - 1] == '.')), host);
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return !aurora__webhook_is_public((const struct sockaddr *)&four);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(host + (host[0] == '['), "]%"),
             host + (host[0] == '['));
    return inet_pton(AF_INET6, text, &six.sin6_addr) == 1 &&
           !aurora__webhook_is_public((const struct sockaddr *)&six);
}

static aurora_status check_parts(CURLU *address, webhook *self, aurora_error *err)
{
    char *host = NULL, *fragment = NULL, *url = NULL;
    aurora_status rc = AURORA_OK;
    if (curl_url_get(address, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(address, CURLUPART_URL, &url, 0) != CURLUE_OK)
        rc = refuse(err, "must be https://host/path");
    else if (curl_url_get(address, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        rc = refuse(err, "must have no fragment");
    else if (!self->may_reach_private && is_private_number(host))
        rc = refuse(err, "is a private address: notify_allow_private=true allows it");
    else if (snprintf(self->url, sizeof self->url, "%s", url) >= (int)sizeof self->url)
        rc = refuse(err, "is too long");
    else
        self->is_https = strncmp(url, "https:", 6) == 0;
    curl_free(host);
    curl_free(fragment);
    curl_free(url);
    return rc;
}

static aurora_status read_options(const aurora_notifier_options *options, webhook *self,
                                  aurora_error *err)
{
    self->may_reach_private = options->may_reach_private != 0;
    self->key_len = aurora__webhook_key(options->secret == NULL ? "" : options->secret, self->key);
    if (self->key_len == 0)
        return aurora__sender_refuse(err, AURORA_EINVAL, "notify_secret",
                                     "must be 24 bytes or more, or whsec_ and base64 of so many: "
                                     "webhooks are signed with it");
    if (options->ca_file != NULL && options->ca_file[0] != '\0' &&
        access(options->ca_file, R_OK) != 0)
        return aurora__sender_refuse(err, AURORA_EINVAL, "notify_ca", "is no file to be read");
    CURLU *address = curl_url();
    if (address == NULL)
        return AURORA_ENOMEM;
    CURLUcode code = curl_url_set(address, CURLUPART_URL, options->url, CURLU_DISALLOW_USER);
    aurora_status rc = code == CURLUE_USER_NOT_ALLOWED
                           ? refuse(err, "must hold no user and password: webhooks are signed")
                       : code != CURLUE_OK ? refuse(err, "must be https://host/path")
                                           : check_parts(address, self, err);
    curl_url_cleanup(address);
    return rc;
}

aurora_status aurora__webhook_open(const aurora_notifier_options *options,
                                   aurora_notifier_port *out, aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    webhook *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->allocator = *allocator;
    aurora_status rc = read_options(options, self, err);
    if (rc == AURORA_OK)
        rc = aurora__sender_new(
            &(aurora__sender_options){
                .self = self, .send = deliver, .timeout_ms = TIMEOUT_MS, .options = options},
            &self->sender);
    if (rc != AURORA_OK) {
        close_webhook(self);
        return rc;
    }
    *out = (aurora_notifier_port){.size = sizeof *out,
                                  .flags = AURORA_NOTIFIER_REPEATS,
                                  .self = self,
                                  .room = room,
                                  .start = start,
                                  .stop = stop,
                                  .close = close_webhook,
                                  .breaker = breaker};
    return AURORA_OK;
}
