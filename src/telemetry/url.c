/* SPDX-License-Identifier: MIT */
#include "telemetry/url.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#define OF_TRACES "/v1/traces"

static bool has_part(CURLU *url, CURLUPart what)
{
    char *text = NULL;
    bool is_there = curl_url_get(url, what, &text, 0) == CURLUE_OK;
    curl_free(text);
    return is_there;
}

/* NULL = it is good. */
static const char *find_fault(CURLU *url, const char *text)
{
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || !has_part(url, CURLUPART_HOST))
        return "must be http://HOST:PORT or https://HOST:PORT";
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return "must be of http:// or https://";
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return "must have no name and password: otlp_headers has room for them";
    if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return "must have no query and no fragment";
    return NULL;
}

static bool ends_so(const char *text, size_t len)
{
    const size_t end = sizeof OF_TRACES - 1;
    return len >= end && memcmp(text + len - end, OF_TRACES, end) == 0;
}

bool aurora_telemetry_url(const char *text, bool is_whole, char url_out[AURORA_TELEMETRY_URL_BYTES],
                          const char **rule_out)
{
    CURLU *url = curl_url();
    *rule_out = url == NULL ? "could not be read: out of memory" : find_fault(url, text);
    curl_url_cleanup(url);
    if (*rule_out != NULL)
        return false;
    size_t len = strlen(text);
    while (!is_whole && len > 0 && text[len - 1] == '/')
        len--;
    if (len + sizeof OF_TRACES > AURORA_TELEMETRY_URL_BYTES) {
        *rule_out = "must be shorter than 2 KiB";
        return false;
    }
    snprintf(url_out, AURORA_TELEMETRY_URL_BYTES, "%.*s%s", (int)len, text,
             is_whole || ends_so(text, len) ? "" : OF_TRACES);
    return true;
}
