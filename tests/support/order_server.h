/* SPDX-License-Identifier: MIT */
/* A shop with two products and some stock behind the real HTTP server, in this process, on a free
 * port, with the tables of orders, payments and administration, and one client of it. */
#ifndef AURORA_TESTS_SUPPORT_ORDER_SERVER_H
#define AURORA_TESTS_SUPPORT_ORDER_SERVER_H

#include <aurora/aurora.h>
#include <aurora/testing.h>

#include "http_client.h"
#include "routes/routes.h"
#include "test.h"

/* For tcase_add_loop_test(tcase, test, 0, ORDER_SERVER_KINDS). */
enum { ORDER_SERVER_MEMORY = 0, ORDER_SERVER_SQLITE = 1, ORDER_SERVER_KINDS = 2 };

#define ORDER_SERVER_SECRET "a secret of at least thirty-two bytes"

typedef struct {
    aurora_t *shop;
    char *folder; /* NULL for memory */
    char url[512];
    aurora_fault_plan *faults;
    aurora_routes routes;
    aurora_http_options http; /* may be changed before start */
    const char *settings[8];  /* likewise */
    http_client client;
    http_answer answer; /* the newest one; freed with the next call */
} order_server;

/* Prepares an open server, or with a secret one whose client signs as "alice" with all scopes of
 * orders but orders:admin and orders:import. */
void order_server_init(order_server *server, int kind, const char *secret);
/* Opens, puts 100 pieces of "cup" at 2.50 EUR and of "mug" at 9.99 EUR, and serves. */
void order_server_start(order_server *server);
/* init and start. */
void order_server_open(order_server *server, int kind, const char *secret);
void order_server_stop(order_server *server);
/* Until the server handles so many requests at once; bounded. */
void order_server_await_in_flight(order_server *server, uint32_t count);
/* Closes everything, runs `sql` on the store's file, of which nothing is then remembered, and
 * serves it again; only for ORDER_SERVER_SQLITE. */
void order_server_restart(order_server *server, const char *sql);

/* The client signs as this one from here on. */
void order_server_be(order_server *server, const char *principal, const char *scopes);

/* One request by the fixture's client; the answer is server->answer. */
void order_server_call(order_server *server, const char *method, const char *target,
                       const char *fields, const char *body);
/* The same, and fails the test unless this status is answered. */
void order_server_expect(order_server *server, int status, const char *method, const char *target,
                         const char *body);
/* The newest answer is a problem with this status, code and, unless NULL, blamed place. */
void order_server_problem(const order_server *server, int status, const char *code,
                          const char *place);
/* An order whose payment is parked: its capture was refused for good. Needs "payment=none:". The id
 * as above. */
const char *order_server_park(order_server *server);
/* Takes the payment task that must be due, with this verb, and finishes it. */
void order_server_pay(order_server *server, int32_t verb, int32_t outcome);

/* The newest answer's text at a path, see http_answer_at. */
const char *order_server_at(const order_server *server, const char *path);

/* An order's body of one line, in a static buffer. */
const char *order_server_body(const char *sku, int quantity, const char *payment_method);
/* Places a cup with this payment method and waits for its end; the id in a static buffer, one of
 * four in turn. */
const char *order_server_place(order_server *server, const char *payment_method);

#endif
