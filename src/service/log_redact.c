/* SPDX-License-Identifier: MIT */
#include "service/log_redact.h"

#include <string.h>
#include <strings.h>

#include "http/plain_text.h"

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

/* --- whether there may be any ----------------------------------------------------------------- */

/* A password stands behind "//" and before an @. */
static bool has_url(const char *text, const char *end)
{
    const char *slash = text;
    while ((slash = memchr(slash, '/', (size_t)(end - slash))) != NULL) {
        if (*++slash == '/')
            return true;
    }
    return false;
}

static bool is_told(const char *start, const char *at)
{
    switch (*at) {
    case '@': /* a masked address, a***@example.org, is none */
        return (at > start && is_local_part(at[-1])) || has_url(start, at);
    case 'J':
        return at - start >= 2 && at[-1] == 'y' && at[-2] == 'e';
    case 'b':
    case 'B':
        return strncasecmp(at, "bearer ", 7) == 0;
    default:
        return false;
    }
}

/* 0 where no byte is 0. */
static uint64_t zeros_of(uint64_t bytes)
{
    return (bytes - AURORA__EACH_BYTE(1)) & ~bytes & AURORA__EACH_BYTE(0x80);
}

/* The same of eight characters at a time: '@', the J of "eyJ", a 'b' before an 'e'. The ninth is
 * there, if only as the NUL. */
static bool is_any_telling(uint64_t bytes, const char *at)
{
    const uint64_t lower = AURORA__EACH_BYTE(0x20);
    uint64_t next;
    memcpy(&next, at + 1, 8);
    uint64_t bearer =
        ((bytes | lower) ^ AURORA__EACH_BYTE('b')) | ((next | lower) ^ AURORA__EACH_BYTE('e'));
    return (zeros_of(bytes ^ AURORA__EACH_BYTE('@')) | zeros_of(bytes ^ AURORA__EACH_BYTE('J')) |
            zeros_of(bearer)) != 0;
}

/* The four have five bits in common, and few others have those. */
static inline bool may_tell(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    uint64_t rest = (bytes & AURORA__EACH_BYTE(0xD5)) ^ AURORA__EACH_BYTE('@');
    return zeros_of(rest) != 0 && is_any_telling(bytes, at);
}

static bool is_told_among(const char *start, const char *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((at[i] & 0xD5) == '@' && is_told(start, at + i))
            return true;
    }
    return false;
}

static bool has_telling(const char *text, size_t len)
{
    size_t at = 0;
    for (; len - at >= 8; at += 8) {
        if (may_tell(text + at) && is_told_among(text, text + at, 8))
            return true;
    }
    /* The last eight have what is left, and some that were looked at. */
    if (at == len || (len >= 8 && !may_tell(text + len - 8)))
        return false;
    return is_told_among(text, text + at, len - at);
}

/* Cards are written in groups, with gaps. */
static bool is_of_card(char c)
{
    return is_digit(c) || c == ' ' || c == '-';
}

/* Whether digits and gaps alone hold so many digits. They are no fewer characters, so that it is
 * enough to look at one in so many. */
static bool has_digits(const char *text, size_t len)
{
    for (size_t at = CARD_DIGITS_MIN - 1; at < len; at += CARD_DIGITS_MIN) {
        if (!is_of_card(text[at]))
            continue;
        size_t first = at;
        int digits = 0;
        while (first > 0 && is_of_card(text[first - 1]))
            first--;
        for (at = first; is_of_card(text[at]); at++)
            digits += is_digit(text[at]) ? 1 : 0;
        if (digits >= CARD_DIGITS_MIN)
            return true;
    }
    return false;
}

bool aurora__log_redact_is_needed(const char *text, size_t len)
{
    return has_telling(text, len) || has_digits(text, len);
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
