/* SPDX-License-Identifier: MIT */
#include "adapters/payment_http/address.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INSECURE "insecure="

aurora_status aurora__bridge_refuse(aurora_error *err, aurora_status status, const char *field,
                                    const char *message)
{
    if (err == NULL || err->size < sizeof *err)
        return status;
    err->status = status;
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static aurora_status refuse(aurora_error *err, const char *message)
{
    return aurora__bridge_refuse(err, AURORA_EINVAL, "payment", message);
}

/* libcurl has turned every way to write an IPv4 address into four decimal numbers. */
static bool is_this_machine(const char *host)
{
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

/* Takes the pair out of the query, in place; false for another value than 1. */
static bool take_insecure(char *query, bool *is_insecure_out)
{
    char *out = query;
    bool is_known = true;
    *is_insecure_out = false;
    const char *pair = query;
    do {
        const char *end = strchr(pair, '&');
        size_t length = end != NULL ? (size_t)(end - pair) : strlen(pair);
        if (strncmp(pair, INSECURE, sizeof INSECURE - 1) == 0) {
            *is_insecure_out = true;
            is_known = is_known && length == sizeof INSECURE && pair[length - 1] == '1';
        } else {
            if (out != query)
                *out++ = '&';
            memmove(out, pair, length);
            out += length;
        }
        pair = end != NULL ? end + 1 : NULL;
    } while (pair != NULL);
    *out = '\0';
    return is_known;
}

static aurora_status read_query(CURLU *address, bool *is_insecure_out, aurora_error *err)
{
    char *query;
    *is_insecure_out = false;
    CURLUcode rc = curl_url_get(address, CURLUPART_QUERY, &query, 0);
    if (rc == CURLUE_NO_QUERY)
        return AURORA_OK;
    if (rc != CURLUE_OK)
        return AURORA_ENOMEM;
    bool is_known = take_insecure(query, is_insecure_out);
    rc = curl_url_set(address, CURLUPART_QUERY, query[0] != '\0' ? query : NULL, 0);
    curl_free(query);
    if (!is_known)
        return refuse(err, "insecure can only be 1");
    return rc == CURLUE_OK ? AURORA_OK : AURORA_ENOMEM;
}

static aurora_status check_parts(CURLU *address, aurora_error *err)
{
    char *scheme = NULL, *host = NULL, *fragment = NULL;
    bool is_insecure;
    aurora_status rc = read_query(address, &is_insecure, err);
    if (rc == AURORA_OK && (curl_url_get(address, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
                            curl_url_get(address, CURLUPART_HOST, &host, 0) != CURLUE_OK))
        rc = refuse(err, "must be https://host/path");
    bool is_plain = scheme != NULL && strcmp(scheme, "http") == 0;
    bool is_secure = scheme != NULL && strcmp(scheme, "https") == 0;
    /* libcurl speaks many more. */
    if (rc == AURORA_OK && !is_plain && !is_secure)
        rc = refuse(err, "must be https://host/path");
    if (rc == AURORA_OK && curl_url_get(address, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        rc = refuse(err, "must have no fragment");
    if (rc == AURORA_OK && is_insecure && !is_plain)
        rc = refuse(err, "takes insecure=1 with http: alone: https: is always verified");
    if (rc == AURORA_OK && is_plain && !is_insecure && !is_this_machine(host))
        rc = refuse(err, "must be https: to another machine; ?insecure=1 allows http:");
    curl_free(scheme);
    curl_free(host);
    curl_free(fragment);
    return rc;
}

static aurora_status write_url(CURLU *address, char url_out[AURORA__BRIDGE_URL_BYTES],
                               aurora_error *err)
{
    char *url = NULL;
    if (curl_url_get(address, CURLUPART_URL, &url, 0) != CURLUE_OK)
        return AURORA_ENOMEM;
    int length = snprintf(url_out, AURORA__BRIDGE_URL_BYTES, "%s", url);
    curl_free(url);
    return length < AURORA__BRIDGE_URL_BYTES ? AURORA_OK : refuse(err, "is too long");
}

aurora_status aurora__bridge_address(const char *text, char url_out[AURORA__BRIDGE_URL_BYTES],
                                     aurora_error *err)
{
    CURLU *address = curl_url();
    if (address == NULL)
        return AURORA_ENOMEM;
    aurora_status status;
    CURLUcode rc = curl_url_set(address, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    if (rc == CURLUE_USER_NOT_ALLOWED)
        status = refuse(err, "must hold no user and password: requests are signed");
    else if (rc != CURLUE_OK)
        status = refuse(err, "must be https://host/path");
    else
        status = check_parts(address, err);
    if (status == AURORA_OK)
        status = write_url(address, url_out, err);
    curl_url_cleanup(address);
    return status;
}
