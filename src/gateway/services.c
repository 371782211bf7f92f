/* SPDX-License-Identifier: MIT */
/* The services by name, and the setting that says where they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/internal.h"

static const struct {
    const char *name;
    const char *address;
} services[AURORA__SERVICE_COUNT] = {
    [AURORA__SERVICE_ORDER] = {"order", "127.0.0.1:8082"},
    [AURORA__SERVICE_PRODUCT] = {"product", "127.0.0.1:8081"},
    [AURORA__SERVICE_INVENTORY] = {"inventory", "127.0.0.1:8083"},
    [AURORA__SERVICE_PAYMENT] = {"payment", "127.0.0.1:8084"},
    [AURORA__SERVICE_SEARCH] = {"search", "127.0.0.1:8085"},
    [AURORA__SERVICE_RECOMMENDATION] = {"recommendation", "127.0.0.1:8086"},
    [AURORA__SERVICE_NOTIFICATION] = {"notification", "127.0.0.1:8087"},
};

const char *aurora__service_name(aurora__service service)
{
    return services[service].name;
}

aurora__service aurora__service_find(const char *name, size_t len)
{
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        if (strlen(services[i].name) == len && memcmp(services[i].name, name, len) == 0)
            return (aurora__service)i;
    }
    return AURORA__SERVICE_COUNT;
}

/* --- the setting ------------------------------------------------------------------------------ */

static bool refuse(char *error, const char *part, const char *rule)
{
    snprintf(error, AURORA__SERVICES_ERROR_BYTES, "\"%.80s\" %s", part, rule);
    return false;
}

static bool is_listed(const aurora__service_list *list, aurora__service service,
                      const char *address)
{
    for (uint32_t i = 0; i < list->counts[service]; i++) {
        if (strcmp(list->addresses[service][i], address) == 0)
            return true;
    }
    return false;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    text[len] = '\0';
    return text;
}

/* "order=HOST:PORT" */
static bool read_part(aurora__service_list *list, char *part, char *error)
{
    char *equals = strchr(part, '=');
    if (equals == NULL)
        return refuse(error, part, "must be SERVICE=HOST:PORT");
    aurora__service service = aurora__service_find(part, (size_t)(equals - part));
    if (service == AURORA__SERVICE_COUNT)
        return refuse(error, part,
                      "must begin with order, product, inventory, payment, search, "
                      "recommendation or notification");
    const char *why = aurora_upstream_check_address(equals + 1);
    if (why != NULL)
        return refuse(error, part, why);
    if (is_listed(list, service, equals + 1))
        return refuse(error, part, "is given twice");
    if (list->counts[service] == AURORA_UPSTREAM_ADDRESSES_MAX)
        return refuse(error, part, "is the 17th address of its service, and 16 are taken");
    list->addresses[service][list->counts[service]++] = equals + 1;
    return true;
}

bool aurora__services_read(const char *text, aurora__service_list *out,
                           char error_out[AURORA__SERVICES_ERROR_BYTES])
{
    *out = (aurora__service_list){.text = strdup(text)};
    error_out[0] = '\0';
    if (out->text == NULL)
        return refuse(error_out, "", "finds no memory");
    char *rest = out->text;
    while (*text != '\0' && rest != NULL) {
        char *part = rest;
        rest = strchr(part, ',');
        if (rest != NULL)
            *rest++ = '\0';
        if (!read_part(out, trim(part), error_out))
            return false;
    }
    for (int i = 0; i < AURORA__SERVICE_COUNT; i++) {
        if (out->counts[i] == 0)
            out->addresses[i][out->counts[i]++] = services[i].address;
    }
    return true;
}

void aurora__services_free(aurora__service_list *list)
{
    free(list->text);
    list->text = NULL;
}
