/* SPDX-License-Identifier: MIT */
/* The files of TLS: what the settings say of them, their reading at the start, by SIGHUP and when
 * they change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/internal.h"
#include "http/clock.h"

#define LOOK_NS INT64_C(2000000000)  /* between two looks at the files */
#define SOON_S (INT64_C(14) * 86400) /* a certificate's end that is worth a warning */

typedef struct {
    const char *certificate, *key, *authority, *names; /* settings */
} setting_names;

static const setting_names of_server = {"tls_certificate", "tls_key", "tls_client_ca",
                                        "tls_client_names"};
static const setting_names of_client = {"upstream_certificate", "upstream_key", "upstream_ca",
                                        NULL};

static const char *text_of(const aurora_daemon *daemon, const char *name)
{
    return name != NULL ? aurora_config_text(daemon->config, name) : "";
}

static bool is_given(const aurora_daemon *daemon, const char *name)
{
    return text_of(daemon, name)[0] != '\0';
}

static aurora_tls_files files_of(const aurora_daemon *daemon, const setting_names *names)
{
    return (aurora_tls_files){.certificate = text_of(daemon, names->certificate),
                              .key = text_of(daemon, names->key),
                              .authority = text_of(daemon, names->authority),
                              .names = text_of(daemon, names->names)};
}

/* The setting that a part of tls.h calls "certificate". */
static const char *setting_of(const setting_names *names, const char *field)
{
    if (strcmp(field, "key") == 0)
        return names->key;
    return strcmp(field, "authority") == 0 ? names->authority : names->certificate;
}

/* --- rules ------------------------------------------------------------------------------------ */

static int check_pair(const aurora_daemon *daemon, const setting_names *names)
{
    if (is_given(daemon, names->certificate) == is_given(daemon, names->key))
        return 0;
    bool has_key = is_given(daemon, names->key);
    return aurora_daemon_refuse(daemon, "%s: must be given too, as %s is",
                                has_key ? names->certificate : names->key,
                                has_key ? names->key : names->certificate);
}

static int check_needs(const aurora_daemon *daemon, const char *name, const char *needed)
{
    if (!is_given(daemon, name) || is_given(daemon, needed))
        return 0;
    return aurora_daemon_refuse(daemon, "%s: must be given too, as %s is", needed, name);
}

/* A certificate alone says not for whom its owner asks: everybody who has one would be
 * everybody. */
static int check_who_asks(const aurora_daemon *daemon)
{
    if (!is_given(daemon, "tls_client_ca") || is_given(daemon, "tls_client_names") ||
        is_given(daemon, "service_secret") || is_given(daemon, "jwt_keys"))
        return 0;
    return aurora_daemon_refuse(daemon, "tls_client_names: must be given too, as tls_client_ca is, "
                                        "while neither service_secret nor jwt_keys is set");
}

bool aurora__daemon_knows_peers(const aurora_daemon *daemon)
{
    return is_given(daemon, "tls_client_names") && !is_given(daemon, "service_secret");
}

int aurora__daemon_tls_check(const aurora_daemon *daemon)
{
    int rc = check_pair(daemon, &of_server);
    if (rc == 0)
        rc = check_needs(daemon, "tls_client_ca", "tls_certificate");
    if (rc == 0)
        rc = check_needs(daemon, "tls_client_names", "tls_client_ca");
    if (rc == 0)
        rc = check_who_asks(daemon);
    if (rc == 0)
        rc = check_pair(daemon, &of_client);
    if (rc == 0)
        rc = check_needs(daemon, "upstream_certificate", "upstream_ca");
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int refuse(const aurora_daemon *daemon, const setting_names *names, aurora_status status,
                  const aurora_error *err)
{
    if (status == AURORA_ENOMEM)
        return aurora_daemon_refuse(daemon, "out of memory");
    const char *setting = setting_of(names, err->field);
    return aurora_daemon_refuse(daemon, "%s: \"%s\" %s (%s)", setting, text_of(daemon, setting),
                                err->message, aurora_config_get(daemon->config, setting)->origin);
}

static int open_one(const aurora_daemon *daemon, const setting_names *names, aurora_tls **out)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_tls_files files = files_of(daemon, names);
    bool is_server = names == &of_server;
    if (!is_given(daemon, is_server ? names->certificate : names->authority))
        return 0;
    aurora_status status = is_server ? aurora_tls_server_new(&files, out, &err)
                                     : aurora_tls_client_new(&files, out, &err);
    return status == AURORA_OK ? 0 : refuse(daemon, names, status, &err);
}

/* Returns what there is to warn of, NULL = nothing; for `setting`. */
static const char *warning(const aurora_tls_facts *facts, bool *is_of_key)
{
    *is_of_key = false;
    if (facts->expires_s == 0)
        return NULL;
    if (facts->is_expired)
        return "has expired: clients will refuse it";
    if (facts->is_early)
        return "is not valid yet: clients will refuse it";
    if (facts->expires_s - (int64_t)time(NULL) < SOON_S)
        return "expires within 14 days";
    *is_of_key = facts->is_key_exposed;
    return facts->is_key_exposed ? "can be read by every user of this machine" : NULL;
}

static void warn(const aurora_daemon *daemon, const setting_names *names, aurora_tls *tls)
{
    aurora_tls_facts facts;
    bool is_of_key;
    if (tls == NULL)
        return;
    aurora_tls_facts_get(tls, &facts);
    const char *text = warning(&facts, &is_of_key);
    const char *setting = is_of_key ? names->key : names->certificate;
    if (text != NULL && daemon->log != NULL)
        aurora_service_log_write(daemon->log, AURORA_LOG_WARNING, "tls", "%s: \"%s\" %s", setting,
                                 text_of(daemon, setting), text);
    else if (text != NULL)
        fprintf(stderr, "%s: warning: %s: \"%s\" %s\n", daemon->source.program, setting,
                text_of(daemon, setting), text);
}

int aurora__daemon_tls_open(aurora_daemon *daemon)
{
    int rc = open_one(daemon, &of_server, &daemon->tls);
    if (rc == 0)
        rc = open_one(daemon, &of_client, &daemon->upstream_tls);
    warn(daemon, &of_server, daemon->tls);
    warn(daemon, &of_client, daemon->upstream_tls);
    return rc;
}

void aurora__daemon_tls_close(aurora_daemon *daemon)
{
    aurora_tls_free(daemon->tls);
    aurora_tls_free(daemon->upstream_tls);
    daemon->tls = daemon->upstream_tls = NULL;
}

/* --- again ------------------------------------------------------------------------------------ */

static void reload(aurora_daemon *daemon, const setting_names *names, aurora_tls *tls)
{
    aurora_error err = AURORA_ERROR_INIT;
    const aurora_tls_files files = files_of(daemon, names);
    if (tls == NULL)
        return;
    aurora_status status = aurora_tls_reload(tls, &files, &err);
    if (status == AURORA_OK) {
        aurora_service_log_write(daemon->log, AURORA_LOG_INFO, "tls",
                                 "new connections use the certificate of \"%s\"",
                                 names == &of_server ? files.certificate : files.authority);
        warn(daemon, names, tls);
        return;
    }
    const char *setting = setting_of(names, err.field);
    aurora_service_log_write(daemon->log, AURORA_LOG_ERROR, "tls",
                             "%s: \"%s\" %s; what was read before stays", setting,
                             text_of(daemon, setting), err.message);
}

void aurora__daemon_tls_reload(aurora_daemon *daemon)
{
    reload(daemon, &of_server, daemon->tls);
    reload(daemon, &of_client, daemon->upstream_tls);
}

void aurora__daemon_tls_look(aurora_daemon *daemon)
{
    int64_t now_ns = aurora__now_ns();
    if (now_ns < daemon->tls_look_ns)
        return;
    daemon->tls_look_ns = now_ns + LOOK_NS;
    if (daemon->tls != NULL && aurora_tls_has_changed(daemon->tls))
        reload(daemon, &of_server, daemon->tls);
    if (daemon->upstream_tls != NULL && aurora_tls_has_changed(daemon->upstream_tls))
        reload(daemon, &of_client, daemon->upstream_tls);
}
