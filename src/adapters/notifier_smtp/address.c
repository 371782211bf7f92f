/* SPDX-License-Identifier: MIT */
#include "adapters/notifier_smtp/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/sender/sender.h"

#define LOCAL_BYTES_MAX 64

static aurora_status refuse(aurora_error *err, const char *message)
{
    return aurora__sender_refuse(err, AURORA_EINVAL, "notify", message);
}

/* RFC 5321's dot-string and domain, without the quoted forms and address literals. */
bool aurora__smtp_is_mailbox(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char local[sizeof letters + 24], domain[sizeof letters + 4];
    snprintf(local, sizeof local, "%s!#$%%&'*+-/=?^_`{|}~.", letters);
    snprintf(domain, sizeof domain, "%s-.", letters);
    size_t len = strnlen(text, AURORA__SMTP_MAILBOX_BYTES);
    size_t local_len = strspn(text, local);
    if (len >= AURORA__SMTP_MAILBOX_BYTES || local_len < 1 || local_len > LOCAL_BYTES_MAX ||
        text[local_len] != '@')
        return false;
    const char *host = text + local_len + 1;
    size_t host_len = strspn(host, domain);
    return host_len > 0 && host[host_len] == '\0' && text[0] != '.' && text[local_len - 1] != '.' &&
           host[0] != '.' && host[0] != '-' && host[host_len - 1] != '.' &&
           strstr(text, "..") == NULL;
}

/* --- the pairs of the query ------------------------------------------------------------------- */

static bool take_mailbox(const char *value, size_t len, char out[AURORA__SMTP_MAILBOX_BYTES])
{
    int decoded_len = 0;
    char *decoded = curl_easy_unescape(NULL, value, (int)len, &decoded_len);
    bool is_good = decoded != NULL && strlen(decoded) == (size_t)decoded_len &&
                   aurora__smtp_is_mailbox(decoded);
    if (is_good)
        snprintf(out, AURORA__SMTP_MAILBOX_BYTES, "%s", decoded);
    curl_free(decoded);
    return is_good;
}

typedef struct {
    bool is_given;
    bool is_required;
} starttls;

/* NULL, or what is wrong with it. */
static const char *read_pair(const char *pair, size_t len, aurora__smtp_address *out, starttls *tls)
{
    if (len >= 5 && strncmp(pair, "from=", 5) == 0)
        return take_mailbox(pair + 5, len - 5, out->from) ? NULL : "from must be one mailbox, a@b";
    if (len >= 3 && strncmp(pair, "to=", 3) == 0)
        return take_mailbox(pair + 3, len - 3, out->to) ? NULL : "to must be one mailbox, a@b";
    tls->is_given = true;
    tls->is_required = len == 17 && strncmp(pair, "starttls=required", len) == 0;
    if (tls->is_required || (len == 14 && strncmp(pair, "starttls=never", len) == 0))
        return NULL;
    return "takes from=, to= and starttls=required or never";
}

static const char *read_query(const char *at, aurora__smtp_address *out, starttls *tls)
{
    while (*at != '\0') {
        size_t len = strcspn(at, "&");
        const char *why = read_pair(at, len, out, tls);
        if (why != NULL)
            return why;
        at += len;
        at += *at == '&';
    }
    return out->from[0] != '\0' ? NULL
                                : "must say who it is from: smtp://host?from=shop@example.org";
}

/* --- the address ------------------------------------------------------------------------------ */

static bool is_this_machine(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static bool copy_part(CURLU *address, CURLUPart part, char *out, size_t capacity)
{
    char *text = NULL;
    if (curl_url_get(address, part, &text, CURLU_URLDECODE) != CURLUE_OK)
        return true;
    int len = snprintf(out, capacity, "%s", text);
    curl_free(text);
    return (size_t)len < capacity;
}

static aurora_status read_parts(CURLU *address, aurora__smtp_address *out, aurora_error *err)
{
    char host[256] = "", query[1024] = "", path[16] = "", port[8] = "", scheme[8] = "";
    starttls tls = {0};
    char *raw = NULL;
    if (curl_url_get(address, CURLUPART_QUERY, &raw, 0) == CURLUE_OK) {
        int len = snprintf(query, sizeof query, "%s", raw);
        curl_free(raw);
        if (len >= (int)sizeof query)
            return refuse(err, "is too long");
    }
    if (!copy_part(address, CURLUPART_SCHEME, scheme, sizeof scheme) ||
        !copy_part(address, CURLUPART_HOST, host, sizeof host) ||
        !copy_part(address, CURLUPART_PORT, port, sizeof port) ||
        !copy_part(address, CURLUPART_USER, out->user, sizeof out->user) ||
        !copy_part(address, CURLUPART_PASSWORD, out->password, sizeof out->password) ||
        !copy_part(address, CURLUPART_PATH, path, sizeof path) || host[0] == '\0' ||
        (path[0] != '\0' && strcmp(path, "/") != 0))
        return refuse(err, "must be smtp://host:port?from=shop@example.org");
    const char *why = read_query(query, out, &tls);
    if (why != NULL)
        return refuse(err, why);
    bool is_smtps = strcmp(scheme, "smtps") == 0;
    if (is_smtps && tls.is_given)
        return refuse(err, "takes starttls= with smtp: alone: smtps: begins with TLS");
    out->has_user = out->user[0] != '\0';
    /* Customers' addresses and our password go to another machine under TLS, unless told so. */
    out->needs_starttls = !is_smtps && (tls.is_given ? tls.is_required : !is_this_machine(host));
    snprintf(out->url, sizeof out->url, "%s://%s%s%s", scheme, host, port[0] != '\0' ? ":" : "",
             port);
    return AURORA_OK;
}

aurora_status aurora__smtp_address_read(const char *text, aurora__smtp_address *out,
                                        aurora_error *err)
{
    memset(out, 0, sizeof *out);
    CURLU *address = curl_url();
    if (address == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = curl_url_set(address, CURLUPART_URL, text, 0) == CURLUE_OK
                           ? read_parts(address, out, err)
                           : refuse(err, "must be smtp://host:port?from=shop@example.org");
    curl_url_cleanup(address);
    return rc;
}
