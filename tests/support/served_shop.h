/* SPDX-License-Identifier: MIT */
/* A shop in memory behind the real HTTP server, in this process, on a free port, with the tables
 * that need no order, and one client of it. */
#ifndef AURORA_TESTS_SUPPORT_SERVED_SHOP_H
#define AURORA_TESTS_SUPPORT_SERVED_SHOP_H

#include <aurora/aurora.h>
#include <aurora/testing.h>

#include "http_client.h"
#include "routes/routes.h"
#include "test.h"

#define SERVED_SHOP_SECRET "a secret of at least thirty-two bytes"

typedef struct {
    aurora_t *shop;
    aurora_fault_plan *faults;
    aurora_routes routes;
    http_client client;
    http_answer answer; /* the newest one; freed with the next call */
} served_shop;

/* Opens and serves; a secret other than NULL closes it to requests without a signature, which
 * `client` then signs as "tester" with no scopes. A failure fails the test. */
void served_shop_init(served_shop *served, const char *secret);
void served_shop_deinit(served_shop *served);

/* One request by the fixture's client; its answer, which is served->answer too. */
const http_answer *served_shop_call(served_shop *served, const char *method, const char *target,
                                    const char *fields, const char *body);

/* The same, and fails the test unless this status is answered. */
const http_answer *served_shop_expect(served_shop *served, int status, const char *method,
                                      const char *target, const char *body);

/* The newest answer is a problem with this status, code and, unless NULL, blamed place. */
void served_shop_assert_problem(const served_shop *served, int status, const char *code,
                                const char *place);

/* Stores a product by its SKU alone, through the library and not through the server. */
void served_shop_put(served_shop *served, const char *sku, const char *category);

/* The newest answer's text at `path`, see http_answer_at. */
const char *served_shop_at(const served_shop *served, const char *path);

#endif
