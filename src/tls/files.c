/* SPDX-License-Identifier: MIT */
/* PEM files: into a context, with words for what is wrong with them, and whether they are still the
 * same. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509err.h>

#include "tls/internal.h"

aurora_status aurora__tls_refuse(aurora_error *err, const char *field, const char *format, ...)
{
    va_list arguments;
    if (err == NULL)
        return AURORA_EINVAL;
    err->status = AURORA_EINVAL;
    snprintf(err->field, sizeof err->field, "%s", field);
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return AURORA_EINVAL;
}

/* --- paths ------------------------------------------------------------------------------------ */

static bool is_given(const char *path)
{
    return path != NULL && path[0] != '\0';
}

static bool copy(char **out, const char *path)
{
    *out = is_given(path) ? strdup(path) : NULL;
    return *out != NULL || !is_given(path);
}

bool aurora__tls_paths_copy(aurora__tls_paths *out, const aurora_tls_files *files)
{
    *out = (aurora__tls_paths){0};
    if (copy(&out->certificate, files->certificate) && copy(&out->key, files->key) &&
        copy(&out->authority, files->authority))
        return true;
    aurora__tls_paths_free(out);
    return false;
}

void aurora__tls_paths_free(aurora__tls_paths *paths)
{
    free(paths->certificate);
    free(paths->key);
    free(paths->authority);
    *paths = (aurora__tls_paths){0};
}

static uint64_t mix(uint64_t mark, uint64_t value)
{
    mark = (mark ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return mark ^ mark >> 29;
}

uint64_t aurora__tls_paths_mark(const aurora__tls_paths *paths)
{
    const char *const all[] = {paths->certificate, paths->key, paths->authority};
    uint64_t mark = 1;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct stat facts = {0};
        if (all[i] == NULL || stat(all[i], &facts) != 0)
            continue;
        mark = mix(mix(mix(mark, facts.st_ino), (uint64_t)facts.st_size),
                   (uint64_t)facts.st_mtim.tv_sec);
        mark = mix(mark, (uint64_t)facts.st_mtim.tv_nsec);
    }
    return mark;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A key that asks for a password would have OpenSSL ask the terminal. */
static int no_password(char *buffer, int size, int is_writing, void *self)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)self;
    return -1;
}

static aurora_status check_readable(const char *path, const char *field, aurora_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return aurora__tls_refuse(err, field, "cannot be read: %s", strerrordesc_np(errno));
    int byte = fgetc(file);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error != 0)
        return aurora__tls_refuse(err, field, "cannot be read: %s", strerrordesc_np(error));
    return byte == EOF ? aurora__tls_refuse(err, field, "is empty") : AURORA_OK;
}

/* What OpenSSL has against a file, in its own words where ours have none. */
static aurora_status refuse_file(aurora_error *err, const char *field, const char *kind)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    bool is_no_pem =
        ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (is_no_pem || reason == NULL)
        return aurora__tls_refuse(err, field, "is no PEM file with %s", kind);
    return aurora__tls_refuse(err, field, "is no PEM file with %s that can be used: %s", kind,
                              reason);
}

static aurora_status load_certificate(SSL_CTX *context, const char *path, aurora_error *err)
{
    aurora_status status = check_readable(path, "certificate", err);
    if (status != AURORA_OK)
        return status;
    ERR_clear_error();
    return SSL_CTX_use_certificate_chain_file(context, path) == 1
               ? AURORA_OK
               : refuse_file(err, "certificate", "a certificate");
}

static aurora_status load_key(SSL_CTX *context, const char *path, aurora_tls_facts *facts,
                              aurora_error *err)
{
    struct stat mode = {0};
    aurora_status status = check_readable(path, "key", err);
    if (status != AURORA_OK)
        return status;
    facts->is_key_exposed = stat(path, &mode) == 0 && (mode.st_mode & (S_IROTH | S_IWOTH)) != 0;
    SSL_CTX_set_default_passwd_cb(context, no_password);
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1)
        return AURORA_OK;
    unsigned long code = ERR_peek_last_error();
    bool is_other =
        ERR_GET_LIB(code) == ERR_LIB_X509 && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
                                              ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
    if (!is_other)
        return refuse_file(err, "key", "a private key without a password");
    ERR_clear_error();
    return aurora__tls_refuse(err, "key", "is not the key of the certificate");
}

static aurora_status load_authority(SSL_CTX *context, const char *path, aurora_error *err)
{
    aurora_status status = check_readable(path, "authority", err);
    if (status != AURORA_OK)
        return status;
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, path) != 1)
        return refuse_file(err, "authority", "certificates of authorities");
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
    if (names == NULL)
        return refuse_file(err, "authority", "certificates of authorities");
    SSL_CTX_set_client_CA_list(context, names);
    return AURORA_OK;
}

/* --- facts ------------------------------------------------------------------------------------ */

static int64_t unix_s(const ASN1_TIME *time)
{
    struct tm parts = {0};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static void note_times(const X509 *certificate, aurora_tls_facts *facts)
{
    int64_t end_s = unix_s(X509_get0_notAfter(certificate));
    if (facts->expires_s == 0 || end_s < facts->expires_s)
        facts->expires_s = end_s;
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        facts->is_early = true;
}

static void read_times(SSL_CTX *context, aurora_tls_facts *facts)
{
    STACK_OF(X509) *chain = NULL;
    note_times(SSL_CTX_get0_certificate(context), facts);
    SSL_CTX_get0_chain_certs(context, &chain);
    for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++)
        note_times(sk_X509_value(chain, i), facts);
    facts->is_expired = facts->expires_s <= (int64_t)time(NULL);
}

aurora_status aurora__tls_files_load(SSL_CTX *context, const aurora_tls_files *files,
                                     aurora_tls_facts *facts, aurora_error *err)
{
    aurora_status status = AURORA_OK;
    *facts = (aurora_tls_facts){0};
    if (is_given(files->certificate) != is_given(files->key))
        return is_given(files->key)
                   ? aurora__tls_refuse(err, "certificate", "must be given with its key")
                   : aurora__tls_refuse(err, "key", "must be given with its certificate");
    if (is_given(files->certificate))
        status = load_certificate(context, files->certificate, err);
    if (status == AURORA_OK && is_given(files->key))
        status = load_key(context, files->key, facts, err);
    if (status == AURORA_OK && is_given(files->authority))
        status = load_authority(context, files->authority, err);
    if (status == AURORA_OK && is_given(files->certificate))
        read_times(context, facts);
    return status;
}
