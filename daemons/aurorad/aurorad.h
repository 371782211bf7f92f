/* SPDX-License-Identifier: MIT */
/* The single process: one store with the modules that are installed, and the HTTP API over it. What
 * its few files share. */
#ifndef AURORAD_AURORAD_H
#define AURORAD_AURORAD_H

#include "routes/routes.h"
#include "service/config.h"
#include "service/log.h"

/* Exit statuses beside 0. */
#define AURORAD_REFUSED 1
#define AURORAD_BROKEN 70 /* EX_SOFTWARE: an invariant of the library is broken */

#define AURORAD_TABLES_MAX 16

typedef struct {
    aurora_config_source source;
    aurora_config *config;
    aurora_service_log *log;
    aurora_t *shop;
    aurora_routes routes;
    char *payment_secret;
    aurora_http_server *metrics; /* of metrics_listen; NULL = with the others */
} aurorad;

/* Says why the program does not start: one line. Returns AURORAD_REFUSED. */
int aurorad_refuse(const aurorad *daemon, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for what a call of the library or the server said; `subject` is a setting where err has
 * no field. */
int aurorad_refuse_status(const aurorad *daemon, aurora_status status, const aurora_error *err,
                          const char *subject);

/* Rules of this program for its settings. 0, or what main returns. */
int aurorad_check(const aurorad *daemon);

/* Opens the store, the cache and the key of cursors. 0, or what main returns. */
int aurorad_open(aurorad *daemon);
void aurorad_close(aurorad *daemon);

/* The tables of the installed modules. Returns how many. */
uint32_t aurorad_tables(const aurorad *daemon, const aurora_http_route **routes, uint32_t *counts);

/* Whether the addresses can be had, before a store is made. 0, or what main returns. */
int aurorad_check_addresses(const aurorad *daemon);
/* Starts the servers. 0, or what main returns. */
int aurorad_serve(aurorad *daemon);
/* Until a signal comes, or the store is broken. Returns what main returns. */
int aurorad_watch(aurorad *daemon);

#endif
