/* SPDX-License-Identifier: MIT */
/* The shop that a command works on: a store that this process opens, or a server that it asks. A
 * command says once what it asks of either, and gets the JSON of the HTTP API from both. */
#ifndef AURORACTL_SHOP_H
#define AURORACTL_SHOP_H

#include "client.h"
#include "ctl.h"
#include "http/json_in.h"
#include "http/json_out.h"

typedef struct {
    const ctl *run;
    aurora_t *store;    /* NULL: by --url */
    ctl_client *client; /* NULL: by --store */
    bool is_joined;     /* the store is another's */
} ctl_shop;

/* One question. A server is asked by method, target, body and key; of a store `of_store` asks the
 * same with the public calls and writes the answer that the route would give. */
typedef struct {
    const char *method;
    const ctl_target *target;
    const aurora_json_out *body; /* open; NULL = none */
    const char *key;
    uint32_t wait_s;
    const char *principal; /* who asks a server; NULL = the run's actor */
    bool is_repeatable;    /* twice is no more than once, also without a key */
    aurora_status (*of_store)(aurora_t *store, const void *request, aurora_json_out *out,
                              aurora_error *err);
    const void *request; /* for of_store */
} ctl_ask;

/* Freed with ctl_answer_free; zeroed is empty. */
typedef struct {
    char *text; /* the JSON, NUL-terminated */
    size_t length;
    aurora_json_doc *doc; /* of the text, where it was asked for */
} ctl_answer;

/* Opens the run's store with AURORA_OPEN_... `flags`, or makes a client for its server. CTL_YES, or
 * CTL_UNSURE after a message; *out is closed with ctl_shop_close in any case. */
int ctl_shop_open(const ctl *run, uint32_t flags, ctl_shop *out);
/* The same shop for one more thread: the same store, or a client of its own. */
int ctl_shop_join(const ctl_shop *shop, ctl_shop *out);
void ctl_shop_close(ctl_shop *shop);

/* Asks. A status of the library either way: err->field is a field of the call or a place of the
 * request, and err->message ends with the server's code. */
aurora_status ctl_shop_ask(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                           aurora_error *err);
/* Asks and parses the answer: ctl_answer_root. */
aurora_status ctl_shop_read(ctl_shop *shop, const ctl_ask *ask, ctl_answer *answer,
                            aurora_error *err);

/* What a server is asked. */
ctl_request ctl_ask_request(const ctl_ask *ask);

aurora_json_value ctl_answer_root(const ctl_answer *answer);
void ctl_answer_free(ctl_answer *answer);

/* Where the run's server is, and who signs. */
ctl_endpoint ctl_shop_endpoint(const ctl *run);

#endif
