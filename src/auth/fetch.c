/* SPDX-License-Identifier: MIT */
#include "auth/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "http/principal.h"

#define CONNECT_MS 3000L
#define TOTAL_MS 5000L
#define AGENT "aurora"

static bool fail(char *why, const char *text)
{
    snprintf(why, 160, "%s", text);
    return false;
}

/* --- files ------------------------------------------------------------------------------------ */

char *aurora__fetch_file(const char *path, size_t *len_out, char why_out[160])
{
    FILE *file = fopen(path, "rbe");
    char *text = file != NULL ? malloc(AURORA__FETCH_BYTES_MAX + 2) : NULL;
    size_t len = text != NULL ? fread(text, 1, AURORA__FETCH_BYTES_MAX + 1, file) : 0;
    bool is_read = text != NULL && ferror(file) == 0 && len <= AURORA__FETCH_BYTES_MAX;
    if (!is_read)
        snprintf(why_out, 160, "%s",
                 len > AURORA__FETCH_BYTES_MAX ? "is longer than 256 KiB" : strerror(errno));
    if (file != NULL)
        fclose(file);
    if (!is_read) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    *len_out = len;
    return text;
}

/* --- URLs ------------------------------------------------------------------------------------- */

bool aurora__fetch_is_url(const char *source)
{
    return strstr(source, "://") != NULL;
}

static bool has_part(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    bool is_there = curl_url_get(url, what, &text, 0) == CURLUE_OK;
    curl_free(text);
    return is_there;
}

static bool check_parts(CURLU *url, char *why)
{
    char *scheme = NULL, *host = NULL;
    bool is_good = false;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        fail(why, "is no URL");
    else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        fail(why, "must have no name and password");
    else if (strcmp(scheme, "https") == 0 ||
             (strcmp(scheme, "http") == 0 && aurora_principal_is_loopback(host)))
        is_good = true;
    else
        fail(why, "must be https://, or http:// at a loopback address");
    curl_free(scheme);
    curl_free(host);
    return is_good;
}

bool aurora__fetch_check_url(const char *url, char why_out[160])
{
    CURLU *parts = curl_url();
    bool is_good = false;
    if (parts == NULL)
        fail(why_out, "out of memory");
    else if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
        fail(why_out, "is no URL of https:// or http://");
    else
        is_good = check_parts(parts, why_out);
    curl_url_cleanup(parts);
    return is_good;
}

typedef struct {
    char *text;
    size_t len;
    bool is_long;
} document;

static size_t take(char *data, size_t size, size_t count, void *self)
{
    document *to = self;
    size_t len = size * count;
    if (len > AURORA__FETCH_BYTES_MAX - to->len) {
        to->is_long = true;
        return 0;
    }
    memcpy(to->text + to->len, data, len);
    to->len += len;
    return len;
}

static int go_on(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load((const atomic_bool *)self) ? 1 : 0;
}

static bool prepare(CURL *easy, const char *url, const char *ca, const atomic_bool *is_stopping,
                    document *to)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_MS);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, to);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, is_stopping);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           (ca[0] == '\0' || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca) == CURLE_OK &&
                              curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK));
}

/* Whether the answer is a document. */
static bool judge(CURL *easy, CURLcode outcome, const document *got, char *why)
{
    long status = 0;
    if (got->is_long)
        return fail(why, "is longer than 256 KiB");
    if (outcome != CURLE_OK)
        return fail(why, curl_easy_strerror(outcome));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return true;
    snprintf(why, 160, "was answered with %ld%s", status,
             status >= 300 && status < 400 ? ", and no redirect is followed" : "");
    return false;
}

char *aurora__fetch_url(const char *url, const char *ca, const atomic_bool *is_stopping,
                        size_t *len_out, char why_out[160])
{
    document to = {.text = malloc(AURORA__FETCH_BYTES_MAX + 1)};
    CURL *easy = curl_easy_init();
    bool is_good = false;
    if (to.text == NULL || easy == NULL || !prepare(easy, url, ca, is_stopping, &to))
        fail(why_out, "out of memory");
    else
        is_good = judge(easy, curl_easy_perform(easy), &to, why_out);
    curl_easy_cleanup(easy);
    if (!is_good) {
        free(to.text);
        return NULL;
    }
    to.text[to.len] = '\0';
    *len_out = to.len;
    return to.text;
}
