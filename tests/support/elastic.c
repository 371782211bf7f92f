/* SPDX-License-Identifier: MIT */
#include "elastic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aurora/net.h>

#include "http_client.h"
#include "test.h"

/* "127.0.0.1:9200" of $AURORA_TEST_OPENSEARCH; NULL where it is not set. */
static const char *host(void)
{
    const char *url = getenv("AURORA_TEST_OPENSEARCH");
    if (url == NULL || url[0] == '\0')
        return NULL;
    return strncmp(url, "http://", 7) == 0 ? url + 7 : url;
}

static aurora_search_open_fn find_open(void)
{
#if AURORA_TEST_HAS_NET
    uint32_t count;
    const aurora_driver *drivers = aurora_net_drivers(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (drivers[i].port == AURORA_PORT_SEARCH &&
            strcmp(drivers[i].scheme, "elasticsearch") == 0)
            return drivers[i].open_search;
    }
#endif
    return NULL;
}

bool elastic_is_there(void)
{
    if (host() == NULL)
        printf("skipped: AURORA_TEST_OPENSEARCH is not set (./dev up)\n");
    else if (find_open() == NULL)
        printf("skipped: this build has no adapter for OpenSearch\n");
    return host() != NULL && find_open() != NULL;
}

void elastic_address(char *out, size_t size, const char *more)
{
    static int number;
    const char *at = host();
    snprintf(out, size, "//%.*s?index=t%ld-%d%s", (int)strcspn(at, "/?"), at, (long)getpid(),
             number++, more);
}

long elastic_ask(const char *method, const char *path, const char *body, char *out, size_t size)
{
    http_client client;
    const char *colon = strrchr(host(), ':');
    ck_assert_ptr_nonnull(colon);
    http_client_init(&client, (uint16_t)strtol(colon + 1, NULL, 10));
    http_answer answer = http_client_call(&client, method, path, NULL, body);
    long status = answer.status;
    if (out != NULL)
        snprintf(out, size, "%s", answer.body);
    http_answer_free(&answer);
    http_client_close(&client);
    return status;
}

void elastic_drop(const char *address)
{
    char name[128];
    char path[256];
    const char *start = strstr(address, "index=");
    ck_assert_ptr_nonnull(start);
    start += strlen("index=");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "&"), start);
    snprintf(path, sizeof path, "/%s-*", name);
    elastic_ask("DELETE", path, NULL, NULL, 0);
    snprintf(path, sizeof path, "/_index_template/%s", name);
    elastic_ask("DELETE", path, NULL, NULL, 0);
}

aurora_status elastic_open(const aurora_search_options *options, aurora_search_port *out,
                           aurora_error *err)
{
    aurora_search_open_fn open = find_open();
    return open == NULL ? AURORA_ENOTSUP : open(options, out, err);
}
