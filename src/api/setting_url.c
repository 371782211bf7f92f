/* SPDX-License-Identifier: MIT */
/* Settings that are more than a number: the list of modules, and URLs that choose an adapter. */
#include <string.h>

#include "api/refuse.h"
#include "api/setting.h"

typedef struct {
    const char *at;
    size_t length;
} span;

/* The part of `text` up to the separator; *rest_out stands behind it, NULL after the last. */
static span take_part(const char *text, char separator, const char **rest_out)
{
    const char *end = strchr(text, separator);
    *rest_out = end != NULL ? end + 1 : NULL;
    return (span){text, end != NULL ? (size_t)(end - text) : strlen(text)};
}

static bool is_word(span part, const char *word)
{
    return part.length == strlen(word) && memcmp(part.at, word, part.length) == 0;
}

/* How much of it a message shows: at most 40 bytes, cut at a character. */
static int shown(span part)
{
    if (part.length <= 40)
        return (int)part.length;
    int length = 40;
    while (length > 0 && ((uint8_t)part.at[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* --- modules --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t module;
} modules[] = {
    {"order", AURORA__MODULE_ORDER},
    {"inventory", AURORA__MODULE_INVENTORY},
    {"payment", AURORA__MODULE_PAYMENT},
    {"product", AURORA__MODULE_PRODUCT},
    {"search", AURORA__MODULE_SEARCH},
    {"recommendation", AURORA__MODULE_RECOMMENDATION},
    {"notification", AURORA__MODULE_NOTIFICATION},
};

static uint32_t module_of(span part)
{
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        if (is_word(part, modules[i].name))
            return modules[i].module;
    }
    return 0;
}

aurora_status aurora__setting_modules(const char *text, uint32_t *modules_out, aurora_error *err)
{
    uint32_t found = 0;
    if (strcmp(text, "stored") == 0) {
        *modules_out = AURORA__MODULES_STORED;
        return AURORA_OK;
    }
    while (text != NULL) {
        span part = take_part(text, ',', &text);
        uint32_t module = module_of(part);
        if (module == 0)
            return aurora__refuse(err, AURORA_EINVAL, "modules",
                                  "must be of order, inventory, payment, product, search, "
                                  "recommendation and notification, has \"%.*s\"",
                                  shown(part), part.at);
        if ((found & module) != 0)
            return aurora__refuse(err, AURORA_EINVAL, "modules", "has \"%.*s\" twice",
                                  (int)part.length, part.at);
        found |= module;
    }
    *modules_out = found;
    return AURORA_OK;
}

/* --- payment --------------------------------------------------------------------------------- */

static bool read_whole(span part, uint64_t max, uint64_t *number_out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < part.length; i++) {
        if (part.at[i] < '0' || part.at[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(part.at[i] - '0');
        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *number_out = number;
    return part.length > 0;
}

/* A probability of at most six decimals, "0.05", in millionths. */
static bool read_share(span part, int64_t *ppm_out)
{
    const char *point = memchr(part.at, '.', part.length);
    span whole = {part.at, point != NULL ? (size_t)(point - part.at) : part.length};
    span decimals = {"0", 1};
    if (point != NULL)
        decimals = (span){point + 1, part.length - whole.length - 1};
    uint64_t ones, fraction;
    if (decimals.length > 6 || !read_whole(whole, 1, &ones) ||
        !read_whole(decimals, 999999, &fraction))
        return false;
    for (size_t i = decimals.length; i < 6; i++)
        fraction *= 10;
    *ppm_out = (int64_t)(ones * 1000000 + fraction);
    return *ppm_out <= 1000000;
}

/* One "name=value" of the query; an empty value keeps the default. */
static aurora_status simulator_pair(span pair, aurora__policy *policy, aurora_error *err)
{
    const char *equals = memchr(pair.at, '=', pair.length);
    span name = {pair.at, equals != NULL ? (size_t)(equals - pair.at) : pair.length};
    bool is_seed = is_word(name, "seed");
    bool is_decline = is_word(name, "decline");
    bool is_latency = is_word(name, "latency_ms");
    if (equals == NULL || !(is_seed || is_decline || is_latency))
        return aurora__refuse(err, AURORA_EINVAL, "payment",
                              "takes seed=, decline= and latency_ms=, not \"%.*s\"", shown(pair),
                              pair.at);
    span value = {equals + 1, pair.length - name.length - 1};
    uint64_t number;
    if (value.length == 0)
        return AURORA_OK;
    if (is_decline && !read_share(value, &policy->simulator_decline_ppm))
        return aurora__refuse(err, AURORA_EINVAL, "payment",
                              "decline must be a probability, 0 to 1 with at most 6 decimals");
    if (is_seed && !read_whole(value, UINT64_MAX, &policy->simulator_seed))
        return aurora__refuse(err, AURORA_EINVAL, "payment", "seed must be a whole number");
    if (!is_latency)
        return AURORA_OK;
    if (!read_whole(value, 600000, &number))
        return aurora__refuse(err, AURORA_EINVAL, "payment", "latency_ms must be 0 to 600000");
    policy->simulator_latency_ms = (int64_t)number;
    return AURORA_OK;
}

/* Of a provider across the network; whether there is a driver for it is seen at open. */
static bool is_web(const char *text)
{
    return strncmp(text, "https:", 6) == 0 || strncmp(text, "http:", 5) == 0;
}

aurora_status aurora__setting_payment(const char *text, aurora__settings *settings,
                                      aurora_error *err)
{
    static const char simulator[] = "simulator:";
    aurora__policy *policy = &settings->policy;
    settings->payment_url = is_web(text) ? text : NULL;
    if (settings->payment_url != NULL) {
        policy->provider = AURORA__PROVIDER_PORT;
        return AURORA_OK;
    }
    if (strcmp(text, "none:") == 0) {
        policy->provider = AURORA__PROVIDER_TASKS;
        return AURORA_OK;
    }
    if (strncmp(text, simulator, sizeof simulator - 1) != 0)
        return aurora__refuse(err, AURORA_ENOTSUP, "payment",
                              "must be simulator:, none:, https: or http:");
    aurora__policy read = *policy;
    read.provider = AURORA__PROVIDER_SIMULATOR;
    read.simulator_seed = 0;
    read.simulator_decline_ppm = 0;
    read.simulator_latency_ms = 0;
    text += sizeof simulator - 1;
    if (text[0] != '\0' && text[0] != '?')
        return aurora__refuse(err, AURORA_EINVAL, "payment",
                              "must be simulator:?seed=&decline=&latency_ms=");
    if (text[0] == '?')
        text++;
    while (text != NULL && text[0] != '\0') {
        aurora_status rc = simulator_pair(take_part(text, '&', &text), &read, err);
        if (rc != AURORA_OK)
            return rc;
    }
    *policy = read;
    return AURORA_OK;
}

/* --- bus -------------------------------------------------------------------------------------- */

aurora_status aurora__setting_bus(const char *text, const char **url_out, aurora_error *err)
{
    static const char local[] = "local:";
    bool is_local = strncmp(text, local, sizeof local - 1) == 0;
    if (is_local && text[sizeof local - 1] != '\0')
        return aurora__refuse(err, AURORA_EINVAL, "bus", "must be local: alone or a broker's URL");
    *url_out = is_local ? NULL : text;
    return AURORA_OK;
}

aurora_status aurora__setting_property(const char *text, aurora__settings *settings,
                                       bool *is_taken_out, aurora_error *err)
{
    static const char group[] = "kafka.";
    *is_taken_out = text != NULL && strncmp(text, group, sizeof group - 1) == 0;
    if (!*is_taken_out)
        return AURORA_OK;
    const char *name = text + sizeof group - 1;
    const char *equals = strchr(name, '=');
    if (equals == NULL || equals == name)
        return aurora__refuse(err, AURORA_EINVAL, "kafka", "must be kafka.NAME=VALUE");
    size_t length = (size_t)(equals - name);
    if (length >= AURORA__BUS_PROPERTY_NAME_BYTES)
        return aurora__refuse(err, AURORA_EINVAL, "kafka", "a name has at most %d bytes",
                              AURORA__BUS_PROPERTY_NAME_BYTES - 1);
    if (settings->bus_property_count == AURORA__BUS_PROPERTIES_MAX)
        return aurora__refuse(err, AURORA_EINVAL, "kafka", "takes at most %d properties",
                              AURORA__BUS_PROPERTIES_MAX);
    char *kept = settings->bus_names[settings->bus_property_count];
    memcpy(kept, name, length);
    kept[length] = '\0';
    settings->bus_properties[settings->bus_property_count++] =
        (aurora_bus_property){.name = kept, .value = equals + 1};
    return AURORA_OK;
}

/* --- notify, search --------------------------------------------------------------------------- */

/* Schemes that a driver may know; whether one does is seen at open. */
static bool is_sender(const char *text)
{
    return is_web(text) || strncmp(text, "smtp:", 5) == 0 || strncmp(text, "smtps:", 6) == 0;
}

aurora_status aurora__setting_notify(const char *text, aurora__settings *settings,
                                     aurora_error *err)
{
    settings->notify_url = NULL;
    if (strcmp(text, "none:") == 0) {
        settings->notifier = AURORA__NOTIFIER_TASKS;
    } else if (strcmp(text, "log:") == 0) {
        settings->notifier = AURORA__NOTIFIER_LOG;
    } else if (is_sender(text)) {
        settings->notifier = AURORA__NOTIFIER_PORT;
        settings->notify_url = text;
    } else {
        return aurora__refuse(err, AURORA_ENOTSUP, "notify",
                              "must be log:, none:, smtp:, smtps:, https: or http:");
    }
    return AURORA_OK;
}

aurora_status aurora__setting_search(const char *text, aurora__settings *settings,
                                     aurora_error *err)
{
    bool is_built_in = strcmp(text, "fts:") == 0 || strcmp(text, "none:") == 0;
    settings->has_search = strcmp(text, "none:") != 0;
    settings->search_url = is_built_in ? NULL : text;
    if (is_built_in || strstr(text, "://") != NULL)
        return AURORA_OK;
    return aurora__refuse(err, AURORA_ENOTSUP, "search",
                          "must be fts:, none:, elasticsearch://host:port or opensearch://");
}
