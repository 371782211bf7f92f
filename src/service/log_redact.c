/* SPDX-License-Identifier: MIT */
#include "service/log_redact.h"

#include <string.h>
#include <strings.h>

#define CARD_DIGITS_MIN 13
#define CARD_DIGITS_MAX 19
#define LOCAL_BYTES_MAX 64   /* before the @, by RFC 5321 */
#define HEADER_BYTES_MAX 512 /* of a JWT; bounds too what a text full of its beginnings costs */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_local_part(char c)
{
    return is_word(c) || c == '.' || c == '_' || c == '-' || c == '%' || c == '+';
}

static bool is_token(char c)
{
    return is_word(c) || (c != '\0' && strchr("._-~+/=", c) != NULL);
}

enum { DULL, DIGIT, GAP, TELLING, END };

/* What a character may be the beginning or a part of. Most are dull, and cost a look. */
static const unsigned char kinds[256] = {
    ['0'] = DIGIT,   ['1'] = DIGIT,   ['2'] = DIGIT,   ['3'] = DIGIT,   ['4'] = DIGIT,
    ['5'] = DIGIT,   ['6'] = DIGIT,   ['7'] = DIGIT,   ['8'] = DIGIT,   ['9'] = DIGIT,
    [' '] = GAP,     ['-'] = GAP,     ['@'] = TELLING, ['e'] = TELLING, ['b'] = TELLING,
    ['B'] = TELLING, ['/'] = TELLING, ['\0'] = END,
};

static bool is_told(const char *start, const char *at, bool has_url)
{
    switch (*at) {
    case '@': /* a masked address, a***@example.org, is none */
        return has_url || (at > start && is_local_part(at[-1]));
    case 'e':
        return at[1] == 'y' && at[2] == 'J';
    case 'b':
    case 'B':
        return strncasecmp(at, "bearer ", 7) == 0;
    default:
        return false;
    }
}

bool aurora__log_redact_is_needed(const char *text)
{
    int digits = 0;
    bool has_url = false;
    for (const char *at = text;; at++) {
        unsigned char kind = kinds[(unsigned char)*at];
        if (kind == DULL) {
            digits = 0;
        } else if (kind == DIGIT) {
            if (++digits == CARD_DIGITS_MIN)
                return true;
        } else if (kind == TELLING) {
            digits = 0;
            has_url |= at[0] == '/' && at[1] == '/';
            if (is_told(text, at, has_url))
                return true;
        } else if (kind == END) {
            return false;
        } /* cards are written in groups, with gaps */
    }
}

/* --- what stands at a place: its length, or 0 ------------------------------------------------- */

/* The check digit of ISO/IEC 7812. */
static bool has_check_digit(const char *digits, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        int digit = digits[count - 1 - i] - '0';
        if (i % 2 == 1)
            digit = digit < 5 ? digit * 2 : digit * 2 - 9;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* A whole run of digits, single spaces or dashes between them; payment networks begin with 2 to
 * 6. */
static size_t card_at(const char *start, const char *at)
{
    char digits[CARD_DIGITS_MAX + 1];
    int count = 0;
    size_t len = 0;
    if (*at < '2' || *at > '6' || (at > start && (is_word(at[-1]) || strchr("-.", at[-1]) != NULL)))
        return 0;
    for (size_t i = 0; count <= CARD_DIGITS_MAX; i++) {
        if (is_digit(at[i])) {
            digits[count++] = at[i];
            len = i + 1;
        } else if ((at[i] != ' ' && at[i] != '-') || !is_digit(at[i + 1])) {
            break;
        }
    }
    bool is_card = count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX && !is_word(at[len]) &&
                   has_check_digit(digits, count);
    return is_card ? len : 0;
}

static size_t email_at(const char *at)
{
    size_t local = 0, domain = 0;
    bool has_dot = false;
    while (local <= LOCAL_BYTES_MAX && is_local_part(at[local]))
        local++;
    if (local == 0 || at[local] != '@')
        return 0;
    const char *host = at + local + 1;
    while (is_word(host[domain]) || host[domain] == '-' ||
           (host[domain] == '.' && is_word(host[domain + 1]))) {
        has_dot |= host[domain] == '.';
        domain++;
    }
    return has_dot ? local + 1 + domain : 0;
}

static size_t token_at(const char *at)
{
    size_t len = 0;
    while (is_token(at[len]))
        len++;
    return len;
}

/* A header in base64, a dot, and whatever belongs to it. */
static size_t jwt_at(const char *at)
{
    size_t len = 0;
    while (len < HEADER_BYTES_MAX && at[len] != '.' && is_token(at[len]))
        len++;
    return strncmp(at, "eyJ", 3) == 0 && at[len] == '.' ? token_at(at) : 0;
}

/* "user:password" before the @ of a URL. */
static size_t authority_at(const char *at)
{
    size_t len = strcspn(at, "@/ ?#\"'");
    return at[len] == '@' ? len : 0;
}

/* How much of the text at `at` is to be hidden, and by what. *keep_out bytes before it stay. */
static size_t found_at(const char *start, const char *at, size_t *keep_out, const char **by_out)
{
    size_t len;
    bool is_start = at == start || !is_word(at[-1]);
    *keep_out = 0;
    *by_out = "[secret]";
    if (*at == ':' && strncmp(at, "://", 3) == 0 && (len = authority_at(at + 3)) > 0) {
        *keep_out = 3;
        return len;
    }
    if (!is_start || !is_local_part(*at))
        return 0;
    if ((*at == 'b' || *at == 'B') && strncasecmp(at, "bearer ", 7) == 0 &&
        (len = token_at(at + 7)) > 0) {
        *keep_out = 7;
        return len;
    }
    if (*at == 'e' && (len = jwt_at(at)) > 0)
        return len;
    *by_out = "[email]";
    if ((len = email_at(at)) > 0)
        return len;
    *by_out = "[card]";
    return card_at(start, at);
}

void aurora__log_redact(const char *text, char *out, size_t capacity)
{
    size_t len = 0;
    for (const char *at = text; *at != '\0' && len + 1 < capacity;) {
        size_t keep;
        const char *by;
        size_t hidden = found_at(text, at, &keep, &by);
        if (hidden == 0) {
            out[len++] = *at++;
            continue;
        }
        if (len + keep + strlen(by) >= capacity)
            break;
        memcpy(out + len, at, keep);
        memcpy(out + len + keep, by, strlen(by));
        len += keep + strlen(by);
        at += keep + hidden;
    }
    out[len] = '\0';
}
