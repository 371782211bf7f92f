/* SPDX-License-Identifier: MIT */
#include "tls_files.h"

#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_S 86400

const char *tls_files_path(tls_files *files, const char *name, const char *end)
{
    char *path = files->path[files->next++ % 4];
    snprintf(path, sizeof files->path[0], "%s/%s%s", files->folder, name, end);
    return path;
}

/* --- writing and reading ---------------------------------------------------------------------- */

static void save(tls_files *files, const char *name, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(tls_files_path(files, name, ".pem"), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
    fclose(file);
    file = fopen(tls_files_path(files, name, ".key"), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static X509 *load_certificate(tls_files *files, const char *name)
{
    FILE *file = fopen(tls_files_path(files, name, ".pem"), "r");
    ck_assert_ptr_nonnull(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

static EVP_PKEY *load_key(tls_files *files, const char *name)
{
    FILE *file = fopen(tls_files_path(files, name, ".key"), "r");
    ck_assert_ptr_nonnull(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ck_assert_ptr_nonnull(key);
    return key;
}

/* --- making ----------------------------------------------------------------------------------- */

static void extend(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *new_certificate(const char *name, EVP_PKEY *key, int is_over)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    ck_assert_ptr_nonnull(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)getpid() * 1000 + serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3L * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), is_over ? -1L * DAY_S : 1L * DAY_S);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    return certificate;
}

void tls_files_authority(tls_files *files, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ck_assert_ptr_nonnull(key);
    X509 *certificate = new_certificate(name, key, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, NID_key_usage, "critical,keyCertSign");
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    save(files, name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void tls_files_issue(tls_files *files, const char *name, const char *authority, const char *names,
                     int is_over)
{
    X509 *above = load_certificate(files, authority);
    EVP_PKEY *key = EVP_EC_gen("P-256"), *signer = load_key(files, authority);
    ck_assert_ptr_nonnull(key);
    X509 *certificate = new_certificate(name, key, is_over);
    X509_set_issuer_name(certificate, X509_get_subject_name(above));
    if (names[0] != '\0')
        extend(certificate, NID_subject_alt_name, names);
    ck_assert_int_gt(X509_sign(certificate, signer, EVP_sha256()), 0);
    save(files, name, certificate, key);
    X509_free(certificate);
    X509_free(above);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
}

void tls_files_make(tls_files *files)
{
    *files = (tls_files){.folder = aurora_tempdir_new()};
    tls_files_authority(files, "ca");
    tls_files_issue(files, "server", "ca", "DNS:localhost,IP:127.0.0.1", 0);
}

void tls_files_remove(tls_files *files)
{
    aurora_tempdir_remove(files->folder);
}
