/* SPDX-License-Identifier: MIT */
#include "auth/token.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/base64url.h"

#define MEMBERS_MAX 32
#define TYPE_BYTES_MAX 32

/* What says where a key is, carries one, or asks for more than we do (RFC 7515, 4.1.2 to 4.1.11;
 * RFC 7516). An extension that is not understood must be refused; we understand none. */
static const char *const refused[] = {"crit", "jku", "x5u", "jwk", "x5c", "enc", "zip", "b64"};

static bool is_refused(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i], name) == 0)
            return true;
    }
    return false;
}

/* RFC 8725, 3.11; "application/" may be left out, and usually is. */
static bool read_type(const char *type, aurora__token *out)
{
    static const char prefix[] = "application/";
    if (strncasecmp(type, prefix, sizeof prefix - 1) == 0)
        type += sizeof prefix - 1;
    out->is_access_token = strcasecmp(type, "at+jwt") == 0;
    return out->is_access_token || strcasecmp(type, "JWT") == 0;
}

static const char *read_member(const char *name, aurora_json_value value, aurora__token *out)
{
    aurora_json_error error;
    const char *text;
    if (is_refused(name))
        return "has a header that is not taken: crit, jku, x5u, jwk, x5c, enc, zip or b64";
    if (strcmp(name, "alg") == 0) {
        if (!aurora_json_text(value, 1, TYPE_BYTES_MAX, &text, &error) ||
            (out->algorithm = aurora__jwt_algorithm_find(text)) == NULL)
            return "has an alg that is not taken";
    } else if (strcmp(name, "kid") == 0) {
        if (!aurora_json_text(value, 1, AURORA__KEY_ID_BYTES - 1, &text, &error) ||
            !aurora__key_id_is_good(text))
            return "has a kid that is not 1 to 64 of [A-Za-z0-9_.~-]";
        snprintf(out->id, sizeof out->id, "%s", text);
    } else if (strcmp(name, "typ") == 0) {
        if (!aurora_json_text(value, 1, TYPE_BYTES_MAX, &text, &error) || !read_type(text, out))
            return "has a typ other than JWT and at+jwt";
    }
    return NULL;
}

static const char *read_members(aurora_json_value root, aurora__token *out)
{
    aurora_json_error error;
    uint32_t count;
    const char *why = NULL;
    if (!aurora_json_members(root, MEMBERS_MAX, &count, &error))
        return "has a header that is no object of at most 32 members";
    for (uint32_t i = 0; why == NULL && i < count; i++) {
        const char *name;
        aurora_json_value member;
        aurora_json_member(root, i, &name, &member);
        why = read_member(name, member, out);
    }
    return why == NULL && out->algorithm == NULL ? "has no alg" : why;
}

static const char *read_header(const char *text, size_t len, aurora__token *out)
{
    aurora_json_doc *doc;
    aurora_json_error error;
    size_t json_len;
    char *json = (char *)out->payload; /* which is read later */
    if (!aurora__base64url_read(text, len, out->payload, &json_len))
        return "has a header that is not base64url without padding";
    json[json_len] = '\0';
    if (!aurora_json_parse(json, json_len, &doc, &error))
        return strcmp(error.code, "unavailable") == 0
                   ? aurora__auth_no_memory
                   : "has a header that is no JSON, or a member twice";
    const char *why = read_members(aurora_json_root(doc), out);
    aurora_json_free(doc);
    return why;
}

const char *aurora__token_read(const char *text, size_t len, aurora__token *out)
{
    out->algorithm = NULL;
    out->id[0] = '\0';
    out->is_access_token = false;
    if (len > AURORA__TOKEN_BYTES_MAX)
        return "is longer than 8 KiB";
    const char *first = memchr(text, '.', len);
    const char *second =
        first != NULL ? memchr(first + 1, '.', len - (size_t)(first + 1 - text)) : NULL;
    if (second == NULL || memchr(second + 1, '.', len - (size_t)(second + 1 - text)) != NULL)
        return "is not Bearer and one token of three parts";
    const char *why = read_header(text, (size_t)(first - text), out);
    if (why != NULL)
        return why;
    out->signed_len = (size_t)(second - text);
    if (!aurora__base64url_read(first + 1, (size_t)(second - first - 1), out->payload,
                                &out->payload_len))
        return "has claims that are not base64url without padding";
    if (out->payload_len == 0) /* libjwt writes a byte behind what it allocates for these */
        return "has no claims";
    out->payload[out->payload_len] = '\0';
    if (!aurora__base64url_read(second + 1, len - out->signed_len - 1, out->signature,
                                &out->signature_len) ||
        out->signature_len == 0)
        return "has a signature that is not base64url without padding";
    return NULL;
}
