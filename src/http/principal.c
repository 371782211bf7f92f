/* SPDX-License-Identifier: MIT */
#include "http/principal.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "http/media_type.h"
#include "http/signature.h"
#include "http/utf8.h"

#define PRINCIPAL_BYTES_MAX 255
#define HOST_BYTES_MAX 255
#define DEADLINE_DIGITS_MAX 15

static bool refuse(aurora_http_refusal *refusal, int status, const char *code, const char *header,
                   const char *detail)
{
    *refusal =
        (aurora_http_refusal){.status = status, .code = code, .header = header, .detail = detail};
    return false;
}

static bool refuse_token(aurora_http_refusal *refusal, const char *detail)
{
    return refuse(refusal, 401, "invalid_token", "Authorization", detail);
}

static bool refuse_signature(aurora_http_refusal *refusal, const char *header, const char *detail)
{
    return refuse(refusal, 401, "unauthorized", header, detail);
}

/* --- loopback --------------------------------------------------------------------------------- */

/* "", or ":" and up to five digits. */
static bool is_port(const char *text)
{
    if (*text == '\0')
        return true;
    size_t digits = strspn(text + 1, "0123456789");
    return *text == ':' && digits <= 5 && text[1 + digits] == '\0';
}

static bool is_loopback(const char *host)
{
    char name[HOST_BYTES_MAX + 1];
    struct in_addr four;
    struct in6_addr six;
    bool is_bracketed = *host == '[';
    host += is_bracketed;
    size_t length = strcspn(host, is_bracketed ? "]" : ":");
    if (length == 0 || length > HOST_BYTES_MAX || (is_bracketed && host[length] != ']') ||
        !is_port(host + length + is_bracketed))
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (is_bracketed)
        return inet_pton(AF_INET6, name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    if (strcasecmp(name, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, name, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

bool aurora_principal_is_loopback(const char *listen)
{
    return is_loopback(listen);
}

/* --- open mode -------------------------------------------------------------------------------- */

/* A page of the web may send a POST with a form's type, or none, to any address, and read names of
 * its own that lead here. It cannot send JSON, PUT or DELETE without asking before, which the
 * router's OPTIONS does not grant. */
static bool check_open(const aurora_principal_request *request, aurora_http_refusal *refusal)
{
    if (request->host == NULL || !is_loopback(request->host))
        return refuse(
            refusal, 421, "misdirected_request", "Host",
            "must be localhost, 127.0.0.1 or [::1] while no service_secret or jwt_keys is set");
    int32_t method = request->route->method;
    bool needs_type = method == AURORA_HTTP_POST || method == AURORA_HTTP_PUT ||
                      (method == AURORA_HTTP_DELETE && request->body_len > 0);
    if (needs_type && !aurora__media_type_is_json(request->content_type))
        return refuse(refusal, 415, "unsupported_media_type", "Content-Type",
                      "must be application/json, also without a body");
    return true;
}

/* --- signed mode ------------------------------------------------------------------------------ */

/* A name or an address: of 1 to 255 bytes, none of them a blank. */
static bool is_word(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > PRINCIPAL_BYTES_MAX || !aurora__utf8_is_text(text, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

static bool is_in_time(const char *text, int64_t now_ms)
{
    int64_t deadline = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > DEADLINE_DIGITS_MAX || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        deadline = deadline * 10 + (text[i] - '0');
    return deadline >= now_ms && deadline - now_ms <= AURORA_DEADLINE_AHEAD_MS;
}

static bool is_signed(const char *secret, const aurora_principal_request *request)
{
    const aurora_signed_request covered = {.method = request->method,
                                           .path = request->path,
                                           .query = request->query,
                                           .body = request->body,
                                           .body_len = request->body_len,
                                           .principal = request->principal,
                                           .scopes = request->scopes,
                                           .deadline = request->deadline,
                                           .contact = request->contact};
    return aurora_signature_is_valid(secret, &covered, request->signature);
}

/* The field that is missing of the four, NULL when all are there. One that is known by its
 * certificate needs no signature. */
static const char *missing_field(const aurora_principal_request *request)
{
    if (request->signature == NULL && !request->knows_peers)
        return "Aurora-Signature";
    if (request->principal == NULL)
        return "Aurora-Principal";
    if (request->scopes == NULL)
        return "Aurora-Scopes";
    return request->deadline == NULL ? "Aurora-Deadline" : NULL;
}

/* The first that is given of those that say who asks, NULL when none is. A deadline alone says
 * nobody's name: it only shortens its own request. */
static const char *first_field(const aurora_principal_request *request)
{
    if (request->signature != NULL)
        return "Aurora-Signature";
    if (request->principal != NULL)
        return "Aurora-Principal";
    if (request->scopes != NULL)
        return "Aurora-Scopes";
    return request->contact != NULL ? "Aurora-Contact" : NULL;
}

static bool check_signed(const char *secret, const aurora_principal_request *request,
                         aurora_http_principal *out, aurora_http_refusal *refusal)
{
    const char *missing = missing_field(request);
    if ((secret == NULL || *secret == '\0') && !request->knows_peers)
        return refuse_signature(refusal, first_field(request),
                                "is not taken here: no service_secret is set");
    if (missing != NULL)
        return refuse_signature(refusal, missing, "is required with the other three of its kind");
    if (!is_in_time(request->deadline, request->now_ms))
        return refuse_signature(refusal, "Aurora-Deadline",
                                "must be a Unix time in milliseconds, not past and at most 5 "
                                "minutes ahead");
    if (request->knows_peers && !request->is_peer_trusted)
        return refuse_signature(refusal, "Aurora-Principal",
                                "is taken only from callers whose certificate is in "
                                "tls_client_names");
    if (!request->knows_peers && !is_signed(secret, request))
        return refuse_signature(refusal, "Aurora-Signature",
                                "is not the signature of this request");
    if (!is_word(request->principal))
        return refuse_signature(refusal, "Aurora-Principal",
                                "must be 1 to 255 bytes of UTF-8 without blanks");
    if (!aurora_scopes_parse(request->scopes, &out->scopes))
        return refuse_signature(refusal, "Aurora-Scopes",
                                "must be names of scopes with single blanks between");
    if (request->contact != NULL && !is_word(request->contact))
        return refuse_signature(refusal, "Aurora-Contact",
                                "must be 1 to 255 bytes of UTF-8 without blanks");
    out->name = request->principal;
    out->contact = request->contact;
    out->is_authenticated = true;
    return true;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static bool check_bearer(const aurora_principal_request *request, aurora_http_principal *out,
                         aurora_http_refusal *refusal)
{
    const aurora_http_bearer *bearer = request->bearer;
    if (bearer->verdict == AURORA_BEARER_UNSURE)
        return refuse(refusal, 503, "unavailable", NULL, bearer->detail);
    if (bearer->verdict != AURORA_BEARER_GOOD)
        return refuse_token(refusal, bearer->detail);
    if (first_field(request) != NULL)
        return refuse_token(refusal, "is not to be given together with the fields of a signature");
    out->name = bearer->name;
    out->scopes = bearer->scopes;
    out->contact = bearer->contact[0] != '\0' ? bearer->contact : NULL;
    out->is_authenticated = true;
    return true;
}

/* --- scopes ----------------------------------------------------------------------------------- */

static bool refuse_scope(uint32_t scope, aurora_http_refusal *refusal)
{
    static const struct {
        uint32_t scope;
        const char *detail;
    } rows[] = {
        {AURORA_SCOPE_ORDERS_READ, "needs the scope orders:read"},
        {AURORA_SCOPE_ORDERS_WRITE, "needs the scope orders:write"},
        {AURORA_SCOPE_ORDERS_ADMIN, "needs the scope orders:admin"},
        {AURORA_SCOPE_ORDERS_IMPORT, "needs the scope orders:import"},
        {AURORA_SCOPE_PRODUCTS_WRITE, "needs the scope products:write"},
        {AURORA_SCOPE_INVENTORY_READ, "needs the scope inventory:read"},
        {AURORA_SCOPE_INVENTORY_WRITE, "needs the scope inventory:write"},
        {AURORA_SCOPE_ADMIN, "needs the scope admin"},
    };
    const char *detail = "needs scopes that the principal does not have";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].scope == scope)
            detail = rows[i].detail;
    }
    return refuse(refusal, 403, "forbidden", NULL, detail);
}

static bool refuse_nobody(const aurora_principal_request *request, aurora_http_refusal *refusal)
{
    if (!request->takes_tokens)
        return refuse_signature(
            refusal, request->knows_peers ? "Aurora-Principal" : "Aurora-Signature", "is required");
    return refuse(refusal, 401, "unauthorized", "Authorization", "is required: Bearer and a token");
}

bool aurora_principal_read(const char *secret, const aurora_principal_request *request,
                           aurora_http_principal *out, aurora_http_refusal *refusal)
{
    const aurora_http_route *route = request->route;
    bool is_open =
        (secret == NULL || *secret == '\0') && !request->knows_peers && !request->takes_tokens;
    *out = (aurora_http_principal){.name = "anonymous"};
    if ((route->flags & AURORA_HTTP_SIGNED) != 0)
        return true;
    if (is_open) {
        out->scopes = AURORA_SCOPE_OPEN;
        if (!check_open(request, refusal))
            return false;
    } else if (request->bearer != NULL) {
        if (!check_bearer(request, out, refusal))
            return false;
    } else if (first_field(request) != NULL) {
        if (!check_signed(secret, request, out, refusal))
            return false;
    } else if (route->scope != 0) {
        return refuse_nobody(request, refusal);
    }
    if ((out->scopes & route->scope) != route->scope)
        return refuse_scope(route->scope, refusal);
    return true;
}
