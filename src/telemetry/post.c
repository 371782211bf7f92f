/* SPDX-License-Identifier: MIT */
#include "telemetry/post.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "http/clock.h"
#include "http/gzip.h"

#define CONNECT_MS 3000L
#define ANSWER_BYTES_MAX 16384 /* that are read; what is longer is not looked at */
#define COMPRESS_BYTES_MIN 256

struct aurora__poster {
    CURL *easy;
    struct curl_slist *fields;
    struct curl_slist *packed_fields; /* the same, and that the body is packed */
    aurora__gzip *gzip;               /* NULL = bodies go as they are */
    const _Atomic int64_t *stop_ns;
    char answer[ANSWER_BYTES_MAX];
    size_t answer_len;
    bool is_curl_held;
};

/* --- life ------------------------------------------------------------------------------------- */

static int go_on(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const aurora__poster *poster = self;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return aurora__now_ns() >= atomic_load(poster->stop_ns) ? 1 : 0;
}

static size_t take(char *data, size_t size, size_t count, void *self)
{
    aurora__poster *poster = self;
    size_t len = size * count;
    if (len > ANSWER_BYTES_MAX - poster->answer_len)
        return 0;
    memcpy(poster->answer + poster->answer_len, data, len);
    poster->answer_len += len;
    return len;
}

static bool prepare(aurora__poster *poster, const aurora__poster_options *options)
{
    CURL *easy = poster->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* an end waits for no name server */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, poster);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, poster);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "aurora") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, options->url) == CURLE_OK &&
           (options->ca[0] == '\0' ||
            (curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

static bool add_field(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

/* "Expect:" keeps libcurl from waiting for a 100 that many collectors do not send. */
static bool add_fields(struct curl_slist **list, const aurora__poster_options *options)
{
    for (uint32_t i = 0; i < options->header_count; i++) {
        if (!add_field(list, options->headers[i]))
            return false;
    }
    return add_field(list, "Content-Type: application/json") && add_field(list, "Expect:");
}

aurora__poster *aurora__poster_new(const aurora__poster_options *options)
{
    aurora__poster *poster = calloc(1, sizeof *poster);
    if (poster == NULL)
        return NULL;
    /* Held, so that another's last curl_global_cleanup leaves it to us. */
    poster->is_curl_held = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    poster->stop_ns = options->stop_ns;
    poster->easy = poster->is_curl_held ? curl_easy_init() : NULL;
    if (options->is_gzip)
        poster->gzip = aurora__gzip_new();
    if (poster->easy != NULL && (!options->is_gzip || poster->gzip != NULL) &&
        prepare(poster, options) && add_fields(&poster->fields, options) &&
        add_fields(&poster->packed_fields, options) &&
        add_field(&poster->packed_fields, "Content-Encoding: gzip"))
        return poster;
    aurora__poster_free(poster);
    return NULL;
}

void aurora__poster_free(aurora__poster *poster)
{
    if (poster == NULL)
        return;
    curl_easy_cleanup(poster->easy);
    curl_slist_free_all(poster->fields);
    curl_slist_free_all(poster->packed_fields);
    aurora__gzip_free(poster->gzip);
    if (poster->is_curl_held)
        curl_global_cleanup();
    free(poster);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* partialSuccess of an ExportTraceServiceResponse. An answer that is none says nothing: the status
 * has said that all is well. */
static void read_partial(const aurora__poster *poster, aurora__post_result *out)
{
    cJSON *answer = cJSON_ParseWithLength(poster->answer, poster->answer_len);
    const cJSON *partial = cJSON_GetObjectItemCaseSensitive(answer, "partialSuccess");
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(partial, "rejectedSpans");
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(partial, "errorMessage");
    if (cJSON_IsString(count) && count->valuestring[0] != '-')
        out->rejected = strtoull(count->valuestring, NULL, 10);
    else if (cJSON_IsNumber(count) && count->valuedouble > 0 && count->valuedouble < 1e9)
        out->rejected = (uint64_t)count->valuedouble;
    if (out->rejected > 0 || (cJSON_IsString(why) && why->valuestring[0] != '\0'))
        snprintf(out->why, sizeof out->why, "%" PRIu64 " spans are not taken: %.100s",
                 out->rejected, cJSON_IsString(why) ? why->valuestring : "");
    cJSON_Delete(answer);
}

/* A status that has come counts, whatever becomes of the rest: what the collector has taken is not
 * sent twice, and what it refuses while it is being sent is refused. */
static void judge(aurora__poster *poster, CURLcode outcome, aurora__post_result *out)
{
    long status = 0;
    curl_off_t wait_s = 0;
    curl_easy_getinfo(poster->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(poster->easy, CURLINFO_RETRY_AFTER, &wait_s);
    if (outcome != CURLE_OK && status < 200) {
        snprintf(out->why, sizeof out->why, "%s", curl_easy_strerror(outcome));
        return;
    }
    out->status = (int)status;
    out->retry_after_s = wait_s > 0 ? wait_s : 0;
    if (status < 200 || status > 299)
        snprintf(out->why, sizeof out->why, "it answers %ld", status);
    else if (outcome == CURLE_OK)
        read_partial(poster, out);
}

void aurora__poster_send(aurora__poster *poster, const char *body, size_t len, int64_t timeout_ms,
                         aurora__post_result *out)
{
    size_t packed_len = 0;
    char *packed = poster->gzip != NULL && len >= COMPRESS_BYTES_MIN
                       ? aurora__gzip_run(poster->gzip, body, len, &packed_len)
                       : NULL;
    *out = (aurora__post_result){0};
    poster->answer_len = 0;
    curl_easy_setopt(poster->easy, CURLOPT_HTTPHEADER,
                     packed != NULL ? poster->packed_fields : poster->fields);
    curl_easy_setopt(poster->easy, CURLOPT_POSTFIELDS, packed != NULL ? packed : body);
    curl_easy_setopt(poster->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)(packed != NULL ? packed_len : len));
    curl_easy_setopt(poster->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    judge(poster, curl_easy_perform(poster->easy), out);
    free(packed);
}
