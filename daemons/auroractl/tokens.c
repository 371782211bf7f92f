/* SPDX-License-Identifier: MIT */
/* keygen and token: keys and tokens for development and tests, where no identity provider is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auth/fetch.h"
#include "auth/mint.h"
#include "commands.h"
#include "http/json_in.h"
#include "http/json_out.h"
#include "options.h"

#define PATH_BYTES 4096
#define KEYS_MAX 63 /* beside the new one: a server keeps 64 */
#define MEMBERS_MAX 64
#define MEMBER_BYTES_MAX 16384
#define TTL_MS 900000

/* --- files ------------------------------------------------------------------------------------ */

/* Writes a new file, which nobody else may read where the mode says so from its first byte on.
 * Where that fails nothing of it is left, and what was there before stays; errno says why. */
static bool write_new(const char *path, mode_t mode, const char *text)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    errno = ENOSPC; /* of a write that ends early */
    bool is_written =
        fchmod(fd, mode) == 0 && write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1;
    int why = errno;
    if (close(fd) != 0 && is_written) {
        why = errno;
        is_written = false;
    }
    if (!is_written)
        unlink(path);
    errno = why;
    return is_written;
}

/* A server that reads it meanwhile sees the old document or the new one. */
static int replace(const char *path, mode_t mode, const char *text)
{
    char draft[PATH_BYTES + 8];
    snprintf(draft, sizeof draft, "%s.new", path);
    unlink(draft);
    if (write_new(draft, mode, text) && rename(draft, path) == 0)
        return CTL_YES;
    int rc = ctl_refuse("%s: %s", path, strerror(errno));
    unlink(draft); /* of a rename that failed */
    return rc;
}

/* --- keygen ----------------------------------------------------------------------------------- */

/* "es256-1f2e3d4c", unless it was given. */
static const char *name_key(const ctl *run, const char *algorithm, char text_out[64])
{
    uint32_t number = 0;
    size_t at = 0;
    if (run->values[CTL_KID] != NULL)
        return run->values[CTL_KID];
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint32_t)time(NULL);
    for (; at < 16 && algorithm[at] != '\0'; at++)
        text_out[at] = algorithm[at] >= 'A' && algorithm[at] <= 'Z'
                           ? (char)(algorithm[at] - 'A' + 'a')
                           : algorithm[at];
    snprintf(text_out + at, 64 - at, "-%08x", number);
    return text_out;
}

/* A member of a key; "" where it is absent or no text. */
static const char *member_of(aurora_json_value key, const char *name)
{
    aurora_json_error error;
    uint32_t count = 0;
    const char *text = "";
    if (!aurora_json_members(key, MEMBERS_MAX, &count, &error))
        return text;
    for (uint32_t i = 0; i < count; i++) {
        const char *own;
        aurora_json_value member;
        aurora_json_member(key, i, &own, &member);
        if (strcmp(own, name) == 0 && !aurora_json_text(member, 0, MEMBER_BYTES_MAX, &text, &error))
            return "";
    }
    return text;
}

/* Adds the keys that a document has already. False after a message. */
static bool copy_keys(const char *path, const char *text, size_t len, const char *id,
                      aurora_json_out *out, bool *has_secret)
{
    static const char *const names[] = {"keys"};
    aurora_json_doc *doc;
    aurora_json_error error;
    aurora_json_value keys;
    uint32_t count = 0;
    bool is_good = aurora_json_parse(text, len, &doc, &error);
    is_good = is_good && aurora_json_object(aurora_json_root(doc), names, 1, &keys, &error) &&
              aurora_json_array(keys, 0, KEYS_MAX, &count, &error);
    if (!is_good)
        ctl_refuse("%s: %s %s", path, error.pointer, error.detail);
    for (uint32_t i = 0; is_good && i < count; i++) {
        size_t raw_len;
        aurora_json_value key = aurora_json_item(keys, i);
        const char *raw = aurora_json_raw(key, &raw_len);
        is_good = strcmp(member_of(key, "kid"), id) != 0;
        if (!is_good)
            ctl_refuse("%s: has a key %s already", path, id);
        *has_secret |= strcmp(member_of(key, "kty"), "oct") == 0;
        aurora_json_out_raw(out, NULL, raw, raw_len);
    }
    aurora_json_free(doc);
    return is_good;
}

/* Adds the key to a set that may be there already, so that both are good for a while. */
static int add_to_set(const char *path, const aurora_mint *mint)
{
    char why[160];
    size_t len = 0;
    bool has_secret = aurora_mint_is_secret(mint);
    aurora_json_out out = {0};
    char *before = access(path, F_OK) == 0 ? aurora__fetch_file(path, &len, why) : NULL;
    if (before == NULL && access(path, F_OK) == 0)
        return ctl_refuse("%s: %s", path, why);
    aurora_json_out_object(&out, NULL);
    aurora_json_out_array(&out, "keys");
    bool is_good =
        before == NULL || copy_keys(path, before, len, aurora_mint_id(mint), &out, &has_secret);
    char *jwk = aurora_mint_jwk(mint, false);
    if (jwk != NULL)
        aurora_json_out_raw(&out, NULL, jwk, strlen(jwk));
    aurora_json_out_close(&out, ']');
    aurora_json_out_close(&out, '}');
    char *text = aurora_json_out_end(&out, &len);
    int rc = CTL_UNSURE;
    if (is_good && (jwk == NULL || text == NULL))
        rc = ctl_refuse("out of memory");
    else if (is_good)
        rc = replace(path, has_secret ? 0600 : 0644, text);
    free(before);
    free(jwk);
    free(text);
    return rc;
}

static void tell(const ctl *run, const aurora_mint *mint, const char *key, const char *set)
{
    size_t len;
    aurora_json_out out = {0};
    if (!run->is_json) {
        printf("key   %s (private: it signs tokens)\nkeys  %s (%s)\n", key, set,
               aurora_mint_is_secret(mint) ? "private too: whoever has an HS key signs with it"
                                           : "public: the value of jwt_keys");
        return;
    }
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "kid", aurora_mint_id(mint));
    aurora_json_out_text(&out, "alg", aurora_mint_algorithm(mint));
    aurora_json_out_text(&out, "key", key);
    aurora_json_out_text(&out, "jwks", set);
    aurora_json_out_close(&out, '}');
    char *text = aurora_json_out_end(&out, &len);
    puts(text != NULL ? text : "");
    free(text);
}

static int make_files(const ctl *run, const aurora_mint *mint, const char *folder)
{
    char key[PATH_BYTES], set[PATH_BYTES];
    if (strlen(folder) > PATH_BYTES - 128)
        return ctl_refuse("--out: is too long");
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return ctl_refuse("%s: %s", folder, strerror(errno));
    snprintf(key, sizeof key, "%s/%s.jwk", folder, aurora_mint_id(mint));
    snprintf(set, sizeof set, "%s/jwks.json", folder);
    char *jwk = aurora_mint_jwk(mint, true);
    if (jwk == NULL)
        return ctl_refuse("out of memory");
    bool is_written = write_new(key, 0600, jwk);
    explicit_bzero(jwk, strlen(jwk));
    free(jwk);
    if (!is_written)
        return ctl_refuse("%s: %s", key, strerror(errno));
    int rc = add_to_set(set, mint);
    if (rc == CTL_YES)
        tell(run, mint, key, set);
    else
        unlink(key);
    return rc;
}

int ctl_keygen(ctl *run)
{
    char why[160], id[64];
    const char *algorithm = run->values[CTL_ALG], *folder = run->values[CTL_OUT];
    if (algorithm == NULL || folder == NULL)
        return ctl_refuse("keygen needs --alg ALGORITHM and --out FOLDER");
    aurora_mint *mint = aurora_mint_new(algorithm, name_key(run, algorithm, id), why);
    if (mint == NULL)
        return ctl_refuse("%s: %s", strncmp(why, "the kid", 7) == 0 ? "--kid" : "--alg", why);
    int rc = make_files(run, mint, folder);
    aurora_mint_free(mint);
    return rc;
}

/* --- token ------------------------------------------------------------------------------------ */

static char *write_claims(const ctl *run, int64_t now_s, int64_t until_s)
{
    size_t len;
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "iss", run->values[CTL_ISSUER]);
    aurora_json_out_text(&out, "aud", run->values[CTL_AUDIENCE]);
    aurora_json_out_text(&out, "sub", run->values[CTL_SUB]);
    if (run->values[CTL_SCOPE] != NULL)
        aurora_json_out_text(&out, "scope", run->values[CTL_SCOPE]);
    if (run->values[CTL_EMAIL] != NULL)
        aurora_json_out_text(&out, "email", run->values[CTL_EMAIL]);
    aurora_json_out_int(&out, "iat", now_s);
    aurora_json_out_int(&out, "exp", until_s);
    aurora_json_out_close(&out, '}');
    return aurora_json_out_end(&out, &len);
}

static void print_token(const ctl *run, const char *token, int64_t until_s)
{
    size_t len;
    aurora_json_out out = {0};
    if (!run->is_json) {
        puts(token);
        return;
    }
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "token", token);
    aurora_json_out_text(&out, "token_type", "Bearer");
    aurora_json_out_time(&out, "expires_at", until_s * 1000);
    aurora_json_out_close(&out, '}');
    char *text = aurora_json_out_end(&out, &len);
    puts(text != NULL ? text : "");
    free(text);
}

static int sign_token(const ctl *run, const aurora_mint *mint, int64_t ttl_ms)
{
    int64_t now_s = time(NULL), until_s = now_s + (ttl_ms + 999) / 1000;
    char *claims = write_claims(run, now_s, until_s), *header = aurora_mint_header(mint);
    char *token = claims != NULL && header != NULL ? aurora_mint_sign(mint, header, claims) : NULL;
    if (token != NULL)
        print_token(run, token, until_s);
    int rc = token != NULL ? CTL_YES : ctl_refuse("out of memory");
    free(claims);
    free(header);
    free(token);
    return rc;
}

int ctl_token(ctl *run)
{
    static const int needed[] = {CTL_KEY_FILE, CTL_SUB, CTL_ISSUER, CTL_AUDIENCE};
    char why[160];
    size_t len = 0;
    int64_t ttl_ms = TTL_MS;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (run->values[needed[i]] == NULL)
            return ctl_refuse("token needs %s", ctl_option_usage(needed[i]));
    }
    if (!ctl_value_duration(run, CTL_TTL, &ttl_ms))
        return CTL_UNSURE;
    const char *path = run->values[CTL_KEY_FILE];
    char *text = aurora__fetch_file(path, &len, why);
    aurora_mint *mint = text != NULL ? aurora_mint_read(text, len, why) : NULL;
    if (text != NULL)
        explicit_bzero(text, len);
    free(text);
    if (mint == NULL)
        return ctl_refuse("%s: %s", path, why);
    int rc = sign_token(run, mint, ttl_ms);
    aurora_mint_free(mint);
    return rc;
}
