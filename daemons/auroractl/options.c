/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nearest.h"

#define NAME_BYTES_MAX 64
#define EVERYWHERE (CTL_BIT(CTL_STORE) | CTL_BIT(CTL_URL) | CTL_BIT(CTL_JSON))
#define BY_URL                                                                                     \
    (CTL_BIT(CTL_ACTOR) | CTL_BIT(CTL_RETRY_FOR) | CTL_BIT(CTL_SERVICE_SECRET) | CTL_BIT(CTL_CA) | \
     CTL_BIT(CTL_CERTIFICATE) | CTL_BIT(CTL_CERTIFICATE_KEY))
#define RETRY_PATIENT_MS 60000

typedef struct {
    const char *name;
    const char *usage;
    const char *help;
    bool is_switch;
} option_row;

static const option_row rows[CTL_OPTION_COUNT] = {
    [CTL_STORE] = {"store", "--store URL", "sqlite:PATH, or memory:; else AURORA_STORE", false},
    [CTL_URL] = {"url", "--url URL", "http://HOST:PORT of a running aurorad, in place of --store",
                 false},
    [CTL_JSON] = {"json", "--json", "for programs", true},
    [CTL_FORMAT] = {"format", "--format FORMAT", "online-retail", false},
    [CTL_STOCK] = {"stock", "--stock full|PERCENT",
                   "receive this share of what the file sells, per SKU (default full)", false},
    [CTL_UNTIL] = {"until", "--until TIME", "only orders placed before TIME", false},
    [CTL_RETURNS] =
        {"returns", "--returns",
         "cancel orders whose lines a later C invoice of the customer negates, all and exactly",
         true},
    [CTL_AT_REST] = {"at-rest", "--at-rest", "nothing runs: work in progress is a violation", true},
    [CTL_STATUS] = {"status", "--status STATUS", "PENDING ... CANCELLED, PARKED", false},
    [CTL_CUSTOMER] = {"customer", "--customer ID", "of this customer", false},
    [CTL_REFERENCE] = {"reference", "--reference TEXT", "with your number of the order", false},
    [CTL_FROM] = {"from", "--from TIME", "created at or after", false},
    [CTL_TO] = {"to", "--to TIME", "created before", false},
    [CTL_LIMIT] = {"limit", "--limit N", "at most N", false},
    [CTL_CURSOR] = {"cursor", "--cursor TEXT", "the next_cursor of the last page", false},
    [CTL_CATEGORY] = {"category", "--category TEXT", "of this category", false},
    [CTL_KEY] = {"key", "--key TEXT", "names the act: the same again is a no-op", false},
    [CTL_REASON] = {"reason", "--reason TEXT", "why (orders cancel: customer or operator)", false},
    [CTL_NOTE] = {"note", "--note TEXT", "words for the history", false},
    [CTL_ACTOR] = {"actor", "--actor NAME", "who acts, and signs by --url (default $USER)", false},
    [CTL_PARKED] = {"parked", "--parked", "only those that wait for an operator", true},
    [CTL_PARTICIPANT] = {"participant", "--participant NAME", "inventory or payment", false},
    [CTL_RESULT] = {"result", "--result RESULT", "reserved ... refunded: what is true", false},
    [CTL_AGE] = {"age", "--age DURATION", "at least this old", false},
    [CTL_BELOW] = {"below", "--below N", "with less than N available", false},
    [CTL_AFTER] = {"after", "--after POSITION", "events after this position (0: all kept)", false},
    [CTL_FOLLOW] = {"follow", "--follow", "go on with new events", true},
    [CTL_CONSUMER] = {"consumer", "--consumer NAME", "of this consumer", false},
    [CTL_TIMEOUT] = {"timeout", "--timeout DURATION", "how long to wait (default 30s)", false},
    [CTL_RETRY_FOR] = {"retry-for", "--retry-for DURATION",
                       "by --url: go on this long while the server is away (replay: 60s)", false},
    [CTL_SERVICE_SECRET] = {"service-secret", "--service-secret TEXT",
                            "the server's; else AURORA_SERVICE_SECRET or the file that "
                            "AURORA_SERVICE_SECRET_FILE names",
                            false},
    [CTL_CA] = {"ca", "--ca FILE", "by --url https:// : PEM of the authorities of the server",
                false},
    [CTL_CERTIFICATE] = {"certificate", "--certificate FILE",
                         "by --url https:// : PEM of ours, where the server asks for one", false},
    [CTL_CERTIFICATE_KEY] = {"certificate-key", "--certificate-key FILE", "PEM of its key", false},
    [CTL_STATE] = {"state", "--state STATE", "PENDING ... FAILED, SKIPPED", false},
    [CTL_ALG] = {"alg", "--alg ALGORITHM",
                 "ES256, RS256, PS256, EdDSA, HS256, or another that servers take", false},
    [CTL_KID] = {"kid", "--kid NAME", "of the new key (default: ALGORITHM-RANDOM)", false},
    [CTL_OUT] = {"out", "--out FOLDER", "for NAME.jwk, which signs, and jwks.json, which verifies",
                 false},
    [CTL_KEY_FILE] = {"key", "--key FILE", "a NAME.jwk that keygen has written", false},
    [CTL_SUB] = {"sub", "--sub NAME", "the principal: the customer of its orders", false},
    [CTL_SCOPE] = {"scope", "--scope TEXT", "\"orders:read orders:write\", with blanks between",
                   false},
    [CTL_EMAIL] = {"email", "--email ADDRESS", "who is told of its orders", false},
    [CTL_TTL] = {"ttl", "--ttl DURATION", "how long it is good (default 15m)", false},
    [CTL_ISSUER] = {"issuer", "--issuer TEXT", "the servers' jwt_issuer", false},
    [CTL_AUDIENCE] = {"audience", "--audience TEXT", "the servers' jwt_audience", false},
    [CTL_ORDERS] = {"orders", "--orders N", "also place N orders (default 0)", false},
};

const char *ctl_option_usage(int option)
{
    return rows[option].usage;
}

static uint64_t taken(const ctl_command *command)
{
    uint64_t everywhere = EVERYWHERE;
    if ((command->flags & CTL_NO_STORE) != 0)
        everywhere = CTL_BIT(CTL_JSON);
    else if ((command->flags & CTL_STORE_ONLY) == 0)
        everywhere |= BY_URL;
    return command->options | everywhere;
}

void ctl_options_describe(const ctl_command *command)
{
    for (int i = 0; i < CTL_OPTION_COUNT; i++) {
        if ((taken(command) & CTL_BIT(i)) != 0)
            printf("  %-22s %s\n", rows[i].usage, rows[i].help);
    }
    printf("  %-22s %s\n", "--SETTING VALUE", "by --store: any row of 'auroractl settings'");
}

/* "order-deadline" and "ORDER_DEADLINE" as the table spells them. */
static void fold(char *out, const char *name, size_t length)
{
    if (length >= NAME_BYTES_MAX)
        length = NAME_BYTES_MAX - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = name[i] == '-' ? '_' : name[i];
    out[length] = 0;
}

static int refuse_unknown(const ctl *run, const char *name)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (int i = 0; i < CTL_OPTION_COUNT; i++) {
        size_t distance = ctl_word_distance(name, rows[i].name);
        if ((taken(run->command) & CTL_BIT(i)) != 0 && distance < best_distance) {
            best = rows[i].name;
            best_distance = distance;
        }
    }
    char folded[NAME_BYTES_MAX];
    fold(folded, name, strlen(name));
    const char *setting = aurora_setting_nearest(folded);
    if (setting != NULL && ctl_word_distance(folded, setting) < best_distance) {
        char dashed[NAME_BYTES_MAX];
        snprintf(dashed, sizeof dashed, "%s", setting);
        for (char *at = dashed; *at != 0; at++)
            *at = *at == '_' ? '-' : *at;
        return ctl_refuse("there is no option --%s; did you mean --%s?", name, dashed);
    }
    if (best != NULL && ctl_word_is_near(name, best_distance))
        return ctl_refuse("there is no option --%s here; did you mean --%s?", name, best);
    return ctl_refuse("there is no option --%s here; --help lists them", name);
}

/* Keeps "name=value" after the table has accepted the value; `where` is how the user spelled it. */
static int keep_setting(ctl *run, const aurora_setting_info *info, const char *value,
                        const char *where)
{
    aurora_error err = AURORA_ERROR_INIT;
    if (aurora_setting_parse(info, value, NULL, &err) != AURORA_OK)
        return ctl_refuse("%s: %s", where, err.message);
    size_t size = strlen(info->name) + strlen(value) + 2;
    char *text = run->setting_count < CTL_SETTINGS_MAX ? malloc(size) : NULL;
    if (text == NULL)
        return ctl_refuse("out of memory");
    snprintf(text, size, "%s=%s", info->name, value);
    run->settings[run->setting_count++] = text;
    return CTL_YES;
}

const char *ctl_setting_value(const ctl *run, const char *name)
{
    size_t length = strlen(name);
    for (uint32_t i = 0; i < run->setting_count; i++) {
        if (strncmp(run->settings[i], name, length) == 0 && run->settings[i][length] == '=')
            return run->settings[i] + length + 1;
    }
    return NULL;
}

bool ctl_has_setting(const ctl *run, const char *name)
{
    return ctl_setting_value(run, name) != NULL;
}

static int keep_flag(ctl *run, const aurora_setting_info *info, const char *value, const char *word)
{
    if ((info->flags & AURORA_SETTING_DAEMON) != 0)
        return ctl_refuse("%s is a setting of the daemons and means nothing to a store", word);
    if (ctl_has_setting(run, info->name))
        return ctl_refuse("%s is given twice", word);
    return keep_setting(run, info, value, word);
}

static int keep_value(ctl *run, int option, const char *value)
{
    if (option == CTL_STORE) {
        bool takes_many = (run->command->flags & CTL_MANY_STORES) != 0;
        if (run->store_count == (takes_many ? CTL_STORES_MAX : 1))
            return ctl_refuse("--store is given too often");
        run->stores[run->store_count++] = value;
        return CTL_YES;
    }
    if (run->values[option] != NULL)
        return ctl_refuse("--%s is given twice", rows[option].name);
    run->values[option] = value;
    return CTL_YES;
}

static int find_row(const ctl *run, const char *name)
{
    for (int i = 0; i < CTL_OPTION_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0 && (taken(run->command) & CTL_BIT(i)) != 0)
            return i;
    }
    return -1;
}

/* Reads one option at *index, and its value behind '=' or as the next word. */
static int read_option(ctl *run, int count, char **words, int *index)
{
    const char *word = words[*index];
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? strlen(word + 2) : (size_t)(equals - word - 2);
    char name[NAME_BYTES_MAX], folded[NAME_BYTES_MAX];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
             word + 2);
    fold(folded, name, strlen(name));
    int option = find_row(run, name);
    const aurora_setting_info *info =
        option < 0 ? aurora_setting_find(folded, strlen(folded)) : NULL;
    if (option < 0 && info == NULL)
        return refuse_unknown(run, name);
    if (option >= 0 && rows[option].is_switch) {
        if (equals != NULL)
            return ctl_refuse("--%s takes no value", name);
        run->values[option] = "";
        return CTL_YES;
    }
    const char *value = equals == NULL ? NULL : equals + 1;
    if (value == NULL) {
        if (*index + 1 >= count)
            return ctl_refuse("--%s needs a value", name);
        value = words[++*index];
    }
    return option >= 0 ? keep_value(run, option, value) : keep_flag(run, info, value, word);
}

/* "-3" is an operand: an adjustment by less than nothing. */
static bool is_operand(const char *word)
{
    return word[0] != '-' || (word[1] >= '0' && word[1] <= '9') || word[1] == 0;
}

static int read_words(ctl *run, int count, char **words)
{
    bool is_over = false; /* after "--" all is operand */
    for (int i = 0; i < count; i++) {
        int outcome = CTL_YES;
        if (!is_over && strcmp(words[i], "--") == 0) {
            is_over = true;
        } else if (!is_over && (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)) {
            run->is_help = true;
            return CTL_YES;
        } else if (is_over || is_operand(words[i])) {
            if (run->operand_count == CTL_OPERANDS_MAX)
                return ctl_refuse("'%s' is one word too many", words[i]);
            run->operands[run->operand_count++] = words[i];
        } else if (words[i][1] != '-') {
            return ctl_refuse("there is no option %s; options begin with two dashes", words[i]);
        } else {
            outcome = read_option(run, count, words, &i);
        }
        if (outcome != CTL_YES)
            return outcome;
    }
    return CTL_YES;
}

/* Settings of the daemons may stand in the same environment; they are no concern of ours. */
static int read_environment(ctl *run)
{
    uint32_t count = 0;
    const aurora_setting_info *table = aurora_setting_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        char name[NAME_BYTES_MAX];
        snprintf(name, sizeof name, "AURORA_%s", table[i].name);
        for (char *at = name; *at != 0; at++)
            *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        const char *value = getenv(name);
        if (value == NULL || (table[i].flags & AURORA_SETTING_DAEMON) != 0 ||
            ctl_has_setting(run, table[i].name))
            continue;
        int outcome = keep_setting(run, &table[i], value, name);
        if (outcome != CTL_YES)
            return outcome;
    }
    const char *store = getenv("AURORA_STORE");
    if (run->store_count == 0 && run->url == NULL && store != NULL &&
        (run->command->flags & CTL_NO_STORE) == 0)
        run->stores[run->store_count++] = store;
    return CTL_YES;
}

/* Who acts, and how patiently. */
static int settle(ctl *run)
{
    const char *user = getenv("USER");
    bool is_named = (run->command->flags & CTL_UNNAMED) == 0 && user != NULL && user[0] != 0;
    run->is_json = run->values[CTL_JSON] != NULL;
    run->url = run->values[CTL_URL];
    run->actor = run->values[CTL_ACTOR] != NULL ? run->values[CTL_ACTOR]
                 : is_named                     ? user
                                                : "auroractl";
    run->retry_ms = (run->command->flags & CTL_PATIENT) != 0 ? RETRY_PATIENT_MS : 0;
    return ctl_value_duration(run, CTL_RETRY_FOR, &run->retry_ms) ? CTL_YES : CTL_UNSURE;
}

/* The secret in a file, without the end of its line. */
static int read_secret_file(ctl *run, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return ctl_refuse("AURORA_SERVICE_SECRET_FILE: %s: %s", path, strerror(errno));
    size_t length = fread(run->secret_text, 1, sizeof run->secret_text - 1, file);
    fclose(file);
    run->secret_text[length] = 0;
    run->secret_text[strcspn(run->secret_text, "\r\n")] = 0;
    run->secret = run->secret_text;
    return CTL_YES;
}

/* What signs requests to --url. Settings are the server's own there. */
static int settle_url(ctl *run)
{
    const char *path = getenv("AURORA_SERVICE_SECRET_FILE");
    if (run->url == NULL)
        return CTL_YES;
    if (run->setting_count > 0)
        return ctl_refuse("the setting %.*s is the server's own, and means nothing with --url",
                          (int)strcspn(run->settings[0], "="), run->settings[0]);
    run->secret = run->values[CTL_SERVICE_SECRET];
    if (run->secret == NULL)
        run->secret = getenv("AURORA_SERVICE_SECRET");
    int outcome =
        run->secret == NULL && path != NULL && path[0] != 0 ? read_secret_file(run, path) : CTL_YES;
    if (run->secret != NULL && run->secret[0] == 0)
        run->secret = NULL;
    return outcome;
}

int ctl_options_read(ctl *run, int count, char **words)
{
    int outcome = read_words(run, count, words);
    if (outcome != CTL_YES || run->is_help)
        return outcome;
    outcome = settle(run);
    if (outcome == CTL_YES)
        outcome = settle_url(run);
    return outcome == CTL_YES ? read_environment(run) : outcome;
}

void ctl_options_free(ctl *run)
{
    for (uint32_t i = 0; i < run->setting_count; i++)
        free(run->settings[i]);
    run->setting_count = 0;
}
