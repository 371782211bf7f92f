/* SPDX-License-Identifier: MIT */
/* Who asks, and whether it may. Pure: the time comes in. The server calls it once per routed
 * request, after the body was read and before the handler. */
#ifndef AURORA_HTTP_PRINCIPAL_H
#define AURORA_HTTP_PRINCIPAL_H

#include "http/bearer.h"
#include "http/exchange.h"
#include "http/refusal.h"

/* What is judged. Field values are NULL where the field is absent. */
typedef struct {
    const aurora_http_route *route;
    const char *method; /* "POST" */
    const char *path;   /* as sent, without the query */
    const char *query;  /* as sent, without "?"; "" = none */
    const void *body;
    size_t body_len;
    const char *host; /* the Host field, or the authority of an absolute target */
    const char *content_type;
    const char *principal; /* Aurora-Principal */
    const char *scopes;    /* Aurora-Scopes */
    const char *deadline;  /* Aurora-Deadline */
    const char *signature; /* Aurora-Signature */
    const char *contact;   /* Aurora-Contact */
    bool knows_peers;      /* without a secret: who may speak for others shows a certificate... */
    bool is_peer_trusted;  /* ...and this one has */
    int64_t now_ms;        /* Unix time */
    bool takes_tokens;
    const aurora_http_bearer *bearer; /* what the Authorization field is; NULL = absent, not read */
} aurora_principal_request;

/* With `secret` NULL or "" and no tokens taken (open mode): anonymous with AURORA_SCOPE_OPEN; 421
 * misdirected_request for a Host that is not loopback, 415 for a write (POST, PUT, a DELETE with a
 * body) whose Content-Type is not application/json, so that no web page can drive it. Else a token,
 * or the four fields (and Aurora-Contact, where there is one) signed with the secret, all or none;
 * where they are given they are checked also on public routes, both at once are refused; 401 where
 * the route has a scope and they are missing, false or out of time; 403 where the scope is missing.
 * Where peers are known there is neither secret nor signature: the other fields are taken from a
 * trusted peer, and 401 is for those of others. Routes that authenticate themselves
 * (AURORA_HTTP_SIGNED) and public ones without fields get "anonymous" without scopes (in open mode
 * a public one has AURORA_SCOPE_OPEN). The texts of *out are those of the request, or static. */
bool aurora_principal_read(const char *secret, const aurora_principal_request *request,
                           aurora_http_principal *out, aurora_http_refusal *refusal);

/* Whether a listen address ("127.0.0.1:8080", "[::1]:0", "localhost:1") is loopback. */
bool aurora_principal_is_loopback(const char *listen);

#endif
