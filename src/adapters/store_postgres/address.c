/* SPDX-License-Identifier: MIT */
#include "adapters/store_postgres/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "adapters/store_postgres/words.h"

#define SCHEME "postgresql:"
#define READERS 8
#define READERS_MAX 256

static bool is_named(const char *text, size_t length, const char *name)
{
    return length >= strlen(name) && memcmp(text, name, strlen(name)) == 0;
}

/* Takes one "name=value" of the query; false when it is none of ours. */
static bool take_parameter(aurora__pg_address *address, const char *text, size_t length,
                           const char **wrong_out)
{
    static const char readers[] = "readers=";
    if (is_named(text, length, readers)) {
        char *end;
        unsigned long count = strtoul(text + sizeof readers - 1, &end, 10);
        if (count < 1 || count > READERS_MAX || end != text + length)
            *wrong_out = "readers must be 1 to 256";
        address->readers_max = (uint32_t)count;
        return true;
    }
    if (is_named(text, length, "outbox=")) {
        address->has_outbox = is_named(text, length, "outbox=debezium") && length == 15;
        if (!address->has_outbox)
            *wrong_out = "outbox must be debezium";
        return true;
    }
    if (is_named(text, length, "outbox_keep=")) {
        address->keeps_rows = length == 13 && text[12] == '1';
        if (length != 13 || (text[12] != '0' && text[12] != '1'))
            *wrong_out = "outbox_keep must be 0 or 1";
        return true;
    }
    return false;
}

/* Copies the address with our parameters left out. */
static const char *strip(aurora__pg_address *address, const char *text)
{
    const char *wrong = NULL;
    memcpy(address->uri, SCHEME, sizeof SCHEME);
    char *out = address->uri + sizeof SCHEME - 1;
    size_t path = strcspn(text, "?");
    memcpy(out, text, path);
    out += path;
    *out = 0;
    char separator = '?';
    for (const char *at = text + path; *at != 0;) {
        at++; /* the ? or & */
        size_t length = strcspn(at, "&");
        if (length > 0 && !take_parameter(address, at, length, &wrong)) {
            *out++ = separator;
            separator = '&';
            memcpy(out, at, length);
            out += length;
            *out = 0;
        }
        at += length;
    }
    return wrong;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *at = options; at->keyword != NULL; at++) {
        if (strcmp(at->keyword, keyword) == 0)
            return at->val;
    }
    return NULL;
}

aurora_status aurora__pg_address_parse(aurora__pg_address *address, const char *text,
                                       const aurora_allocator *allocator, aurora_error *err)
{
    *address = (aurora__pg_address){.allocator = allocator, .readers_max = READERS};
    address->uri = allocator->allocate(allocator->self, strlen(text) + sizeof SCHEME + 1);
    if (address->uri == NULL)
        return AURORA_ENOMEM;
    const char *wrong = strip(address, text);
    if (wrong != NULL)
        return aurora__pg_error(err, AURORA_EINVAL, "postgresql: %s", wrong);
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(address->uri, &why);
    if (options == NULL) {
        /* libpq's words may hold a piece of the URI, and that a password. */
        aurora__pg_error(err, AURORA_EINVAL,
                         "postgresql: not an address like postgresql://USER@HOST:PORT/DATABASE");
        PQfreemem(why);
        return AURORA_EINVAL;
    }
    const char *host = value_of(options, "host");
    const char *port = value_of(options, "port");
    const char *database = value_of(options, "dbname");
    snprintf(address->name, sizeof address->name, "%s:%s/%s", host ? host : "localhost",
             port ? port : "5432", database ? database : "");
    PQconninfoFree(options);
    return AURORA_OK;
}

void aurora__pg_address_free(aurora__pg_address *address)
{
    if (address->uri != NULL)
        address->allocator->release(address->allocator->self, address->uri);
    address->uri = NULL;
}

static void put(aurora__pg_keywords *keywords, int *count, const char *keyword, const char *value)
{
    if (*count + 1 >= AURORA__PG_KEYWORDS_MAX)
        return;
    keywords->keywords[*count] = keyword;
    keywords->values[(*count)++] = value;
}

aurora_status aurora__pg_keywords_init(aurora__pg_keywords *keywords,
                                       const aurora__pg_address *address,
                                       const char *application_name, bool must_write)
{
    /* A dead peer is noticed after 15 s of silence, unanswered data after 10 s. */
    const char *const defaults[][2] = {
        {"connect_timeout", "5"},
        {"keepalives", "1"},
        {"keepalives_idle", "5"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "2"},
        {"tcp_user_timeout", "10000"},
        {"client_encoding", "UTF8"},
        {"application_name", application_name},
        {"target_session_attrs", must_write ? "read-write" : "any"},
    };
    *keywords = (aurora__pg_keywords){.parsed = NULL};
    PQconninfoOption *options = PQconninfoParse(address->uri, NULL);
    if (options == NULL)
        return AURORA_ENOMEM;
    keywords->parsed = options;
    int count = 0;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        if (value_of(options, defaults[i][0]) == NULL)
            put(keywords, &count, defaults[i][0], defaults[i][1]);
    }
    for (const PQconninfoOption *at = options; at->keyword != NULL; at++) {
        if (at->val != NULL)
            put(keywords, &count, at->keyword, at->val);
    }
    return AURORA_OK;
}

void aurora__pg_keywords_free(aurora__pg_keywords *keywords)
{
    PQconninfoFree(keywords->parsed);
    keywords->parsed = NULL;
}
