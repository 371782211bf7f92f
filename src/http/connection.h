/* SPDX-License-Identifier: MIT */
/* One client's connection: bytes in through the gate, answers out in the order of the requests.
 * One request at a time is handled; what the client sends ahead waits. Only the loop's own
 * callbacks free a connection, never a call of a handler. */
#ifndef AURORA_HTTP_CONNECTION_H
#define AURORA_HTTP_CONNECTION_H

#include <netinet/in.h>

#include <event2/event_struct.h>

#include "http/request.h"
#include "tls/tls.h"

/* What a connection waits for; each has one time limit, so that a list by the time of entry is
 * sorted by the time of expiry. */
typedef enum {
    AURORA__IDLE = 0,  /* no byte of a request has come */
    AURORA__HANDSHAKE, /* of TLS */
    AURORA__HEAD,
    AURORA__BODY,
    AURORA__REPLY, /* of the handler */
    AURORA__WRITE, /* for the client to take its answer */
    AURORA__OPEN_STREAM,
    AURORA__LINGER, /* the answer is out and the client may not have read it: RFC 9112, 9.6 */
    AURORA__PHASE_COUNT
} aurora__phase;

typedef struct {
    aurora__connection *first, *last;
} aurora__list;

typedef struct aurora__neighbours aurora__neighbours; /* crowd.c */

struct aurora__connection {
    aurora_http_loop *loop;
    aurora__connection *next, *previous; /* in its phase's list */
    aurora__connection *next_dirty;
    aurora__neighbours *neighbours; /* its client's connections; NULL = not counted */
    aurora__connection *next_near, *previous_near;
    int fd;
    aurora__phase phase;
    int64_t since_ns; /* of the phase; of WRITE: of the last progress worth the name */
    struct event readable, writable;
    aurora__gate gate;
    char *input; /* bytes that came and were not read: from input_at to input_len */
    size_t input_at, input_len, input_capacity;
    aurora_http_exchange *current;                /* that is read, handled or streamed */
    aurora_http_exchange *answers, *answers_last; /* to be sent */
    size_t queued;                                /* bytes of the answers */
    uint64_t progress;                            /* bytes sent since since_ns */
    size_t ahead; /* bytes that came with the request that is dispatched, and follow it */
    aurora_http_address address;
    char peer[AURORA_HTTP_ADDRESS_TEXT_BYTES];
    aurora_tls_channel *tls;            /* NULL = a plain connection */
    aurora__connection *next_handshake; /* among those that wait for their turn */
    size_t tls_held;                    /* of the loop's */
    bool is_dirty;
    bool is_in_handshake;  /* of TLS, which is not over */
    bool is_counted_early; /* tls_held is of the handshakes' */
    bool is_queued;        /* for its next step */
    bool is_paused;        /* reading, as enough waits */
    bool is_blocked;       /* writing: the socket is full */
    bool is_at_end;        /* the client sends no more */
    bool is_broken;        /* neither side can be used */
    bool is_closing;       /* no further request is read */
    bool is_close_asked;   /* the client wants it closed */
    bool is_dispatching;   /* inside of the handler's call */
    bool has_moved;        /* a request ended: the next phase begins anew */
};

/* Takes over `fd`. NULL without memory: then it is closed. */
aurora__connection *aurora__connection_new(aurora_http_loop *loop, int fd,
                                           const struct sockaddr *address);
/* Closes; a request that is handled goes on without a client. */
void aurora__connection_free(aurora__connection *connection);
void aurora__connection_enter(aurora__connection *connection, aurora__phase phase);
/* Has aurora__connection_turn called at the end of the loop's turn. */
void aurora__connection_touch(aurora__connection *connection);
/* Sends what waits, reads on in what came, and frees the connection when it is over. */
void aurora__connection_turn(aurora__connection *connection);
/* Queues an answered exchange, which becomes the connection's. */
void aurora__connection_answer(aurora__connection *connection, aurora_http_exchange *exchange);
/* Answers a refusal in place of the current request, which goes on unheard, and reads no more. */
void aurora__connection_refuse(aurora__connection *connection, const aurora_http_refusal *refusal);
/* Whether a handler has the connection's turn. */
bool aurora__connection_is_handled(const aurora__connection *connection);
/* Closes, but where a request has just come reads it instead and returns false. */
bool aurora__connection_close_idle(aurora__connection *connection);

/* --- connection_tls.c --- */

/* Begins TLS on a new connection. False without memory. */
bool aurora__connection_tls_begin(aurora__connection *connection);
/* Forgets what TLS has of a connection that goes. */
void aurora__connection_tls_end(aurora__connection *connection);
/* Bytes have come: the handshake's next step waits for its turn. */
void aurora__connection_tls_queue(aurora__connection *connection);
/* Ends a handshake that took too long, or that others need the place of. */
void aurora__connection_tls_cut(aurora__connection *connection, aurora_tls_failure why);
/* Notes on a request how it came. */
void aurora__connection_tls_mark(const aurora__connection *connection,
                                 aurora_http_exchange *exchange);
/* Reads again, also what the socket has told already. */
void aurora__connection_listen(aurora__connection *connection);
/* In place of recv and sendmsg. */
ssize_t aurora__connection_tls_recv(aurora__connection *connection, char *data);
ssize_t aurora__connection_tls_send(aurora__connection *connection, const struct iovec *pieces,
                                    int count);
/* Goes on with handshakes, as many as a turn of the loop has time for. */
void aurora__loop_handshakes(aurora_http_loop *loop);

/* --- connection_read.c --- */

void aurora__connection_read(aurora__connection *connection);
void aurora__connection_drop_input(aurora__connection *connection);
/* Goes on in the bytes that wait; whether that moved anything. */
bool aurora__connection_resume(aurora__connection *connection);

/* --- connection_write.c --- */

/* Sends as much as goes; afterwards is_blocked or is_broken may be set. */
void aurora__connection_flush(aurora__connection *connection);
/* 100 Continue, where nothing waits before it. */
void aurora__connection_send_continue(aurora__connection *connection);

#endif
