/* SPDX-License-Identifier: MIT */
#include "auth/claims.h"

#include <stdio.h>
#include <string.h>

#include "http/json_in.h"
#include "http/signature.h"
#include "http/utf8.h"

#define MEMBERS_MAX 256
#define AUDIENCES_MAX 64
#define SCOPES_MAX 256
#define TEXT_BYTES_MAX 8192
#define SECOND_MAX INT64_C(253402300799) /* the last of the year 9999 */
#define SCOPE_NAME_BYTES 64

typedef struct {
    const aurora__claim_rules *rules;
    int64_t now_ms;
    aurora__claims *out;
    bool has_exp, has_nbf, has_iat, has_iss, has_aud, has_sub, has_scope;
    int64_t exp, nbf, iat; /* seconds */
    uint32_t scope, scp;
} reading;

static bool is_text_of(aurora_json_value value, const char **out)
{
    aurora_json_error error;
    return aurora_json_text(value, 1, TEXT_BYTES_MAX, out, &error);
}

/* --- claims one by one ------------------------------------------------------------------------ */

static const char *read_time(aurora_json_value value, bool *has, int64_t *out, const char *why)
{
    aurora_json_error error;
    *has = aurora_json_integer(value, 0, SECOND_MAX, out, &error);
    return *has ? NULL : why;
}

static const char *read_exp(reading *r, aurora_json_value value)
{
    return read_time(value, &r->has_exp, &r->exp, "has an exp that is no integer of seconds");
}

static const char *read_nbf(reading *r, aurora_json_value value)
{
    return read_time(value, &r->has_nbf, &r->nbf, "has an nbf that is no integer of seconds");
}

static const char *read_iat(reading *r, aurora_json_value value)
{
    return read_time(value, &r->has_iat, &r->iat, "has an iat that is no integer of seconds");
}

static const char *read_iss(reading *r, aurora_json_value value)
{
    const char *text;
    r->has_iss = is_text_of(value, &text) && strcmp(text, r->rules->issuer) == 0;
    return r->has_iss ? NULL : "is of another issuer";
}

static const char *read_aud(reading *r, aurora_json_value value)
{
    static const char other[] = "is for another audience";
    aurora_json_error error;
    const char *text;
    uint32_t count;
    if (is_text_of(value, &text)) {
        r->has_aud = strcmp(text, r->rules->audience) == 0;
        return r->has_aud ? NULL : other;
    }
    if (!aurora_json_array(value, 1, AUDIENCES_MAX, &count, &error))
        return "has an aud that is neither a text nor an array of at most 64";
    for (uint32_t i = 0; i < count; i++) {
        if (!is_text_of(aurora_json_item(value, i), &text))
            return "has an aud that is no array of texts";
        r->has_aud |= strcmp(text, r->rules->audience) == 0;
    }
    return r->has_aud ? NULL : other;
}

/* Of 1 to 255 bytes, none of them a blank or a control character. */
static bool is_word(const char *text)
{
    size_t len = strlen(text);
    bool is_good = len > 0 && len < AURORA__CLAIM_BYTES && aurora__utf8_is_text(text, len);
    for (size_t i = 0; is_good && i < len; i++)
        is_good = (unsigned char)text[i] > 0x20 && text[i] != 0x7f;
    return is_good;
}

static const char *read_sub(reading *r, aurora_json_value value)
{
    const char *text;
    r->has_sub = is_text_of(value, &text) && is_word(text);
    if (!r->has_sub)
        return "has a sub that is not 1 to 255 bytes without blanks";
    snprintf(r->out->subject, sizeof r->out->subject, "%s", text);
    return NULL;
}

/* No reason to refuse anybody: an order can do without it. */
static const char *read_email(reading *r, aurora_json_value value)
{
    const char *text;
    if (is_text_of(value, &text) && is_word(text) && strchr(text, '@') != NULL)
        snprintf(r->out->email, sizeof r->out->email, "%s", text);
    return NULL;
}

/* --- scopes ----------------------------------------------------------------------------------- */

/* An issuer's other scopes are not our business. */
static uint32_t scopes_of(const char *text)
{
    uint32_t scopes = 0, one;
    char name[SCOPE_NAME_BYTES];
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (len > 0 && len < sizeof name) {
            memcpy(name, text, len);
            name[len] = '\0';
            if (aurora_scopes_parse(name, &one))
                scopes |= one;
        }
        text += len;
        text += strspn(text, " ");
    }
    return scopes;
}

static bool is_scope_text(aurora_json_value value, const char **out)
{
    aurora_json_error error;
    return aurora_json_text(value, 0, TEXT_BYTES_MAX, out, &error);
}

/* RFC 8693, 4.2: names with blanks between. */
static const char *read_scope(reading *r, aurora_json_value value)
{
    const char *text;
    r->has_scope = true;
    if (!is_scope_text(value, &text))
        return "has a scope that is no text";
    r->scope = scopes_of(text);
    return NULL;
}

/* What some issuers have in its place: an array, or a text. */
static const char *read_scp(reading *r, aurora_json_value value)
{
    static const char why[] = "has an scp that is neither a text nor an array of texts";
    aurora_json_error error;
    const char *text;
    uint32_t count;
    if (is_scope_text(value, &text)) {
        r->scp = scopes_of(text);
        return NULL;
    }
    if (!aurora_json_array(value, 0, SCOPES_MAX, &count, &error))
        return why;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_scope_text(aurora_json_item(value, i), &text))
            return why;
        r->scp |= scopes_of(text);
    }
    return NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

static const char *read_claim(reading *r, const char *name, aurora_json_value value)
{
    static const struct {
        const char *name;
        const char *(*read)(reading *r, aurora_json_value value);
    } claims[] = {
        {"exp", read_exp},     {"nbf", read_nbf},     {"iat", read_iat},
        {"iss", read_iss},     {"aud", read_aud},     {"sub", read_sub},
        {"email", read_email}, {"scope", read_scope}, {"scp", read_scp},
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        if (strcmp(claims[i].name, name) == 0)
            return claims[i].read(r, value);
    }
    return NULL;
}

static const char *judge_times(reading *r)
{
    const aurora__claim_rules *rules = r->rules;
    int64_t leeway = rules->leeway_ms, until = r->exp * 1000 + leeway;
    int64_t from = r->has_nbf ? r->nbf * 1000 - leeway : 0;
    if (r->has_iat && r->iat * 1000 - leeway > from)
        from = r->iat * 1000 - leeway;
    int64_t life = r->has_iat ? (r->exp - r->iat) * 1000 : r->exp * 1000 - r->now_ms - leeway;
    r->out->from_ms = from;
    r->out->until_ms = until;
    if (r->now_ms >= until)
        return "has expired";
    if (r->now_ms < from)
        return "is not good yet: its nbf or iat is ahead";
    if (life > rules->lifetime_max_ms)
        return "is made to live longer than is allowed";
    return r->has_iat && r->exp <= r->iat ? "has an exp that is not after its iat" : NULL;
}

static const char *judge(reading *r)
{
    if (!r->has_exp)
        return "has no exp";
    if (!r->has_iss)
        return "has no iss";
    if (!r->has_aud)
        return "has no aud";
    if (!r->has_sub)
        return "has no sub";
    r->out->scopes = r->has_scope ? r->scope : r->scp;
    return judge_times(r);
}

static const char *read_all(reading *r, aurora_json_value root)
{
    aurora_json_error error;
    uint32_t count;
    const char *why = NULL;
    if (!aurora_json_members(root, MEMBERS_MAX, &count, &error))
        return "has claims that are no object of at most 256 members";
    for (uint32_t i = 0; why == NULL && i < count; i++) {
        const char *name;
        aurora_json_value member;
        aurora_json_member(root, i, &name, &member);
        why = read_claim(r, name, member);
    }
    return why != NULL ? why : judge(r);
}

const char *aurora__claims_read(const char *json, size_t len, const aurora__claim_rules *rules,
                                int64_t now_ms, aurora__claims *out)
{
    reading r = {.rules = rules, .now_ms = now_ms, .out = out};
    aurora_json_doc *doc;
    aurora_json_error error;
    *out = (aurora__claims){0};
    if (!aurora_json_parse(json, len, &doc, &error))
        return strcmp(error.code, "unavailable") == 0
                   ? aurora__auth_no_memory
                   : "has claims that are no JSON, or a member twice";
    const char *why = read_all(&r, aurora_json_root(doc));
    aurora_json_free(doc);
    return why;
}
