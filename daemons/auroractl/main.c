/* SPDX-License-Identifier: MIT */
/* auroractl NOUN VERB: the command-line tool over the public C API. One table holds all commands;
 * this file finds the row, and the row's function does the rest. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "nearest.h"
#include "options.h"
#include "wire.h"

#define PAGE (CTL_BIT(CTL_LIMIT) | CTL_BIT(CTL_CURSOR))
#define ORDER_FILTER                                                                               \
    (CTL_BIT(CTL_STATUS) | CTL_BIT(CTL_CUSTOMER) | CTL_BIT(CTL_REFERENCE) | CTL_BIT(CTL_FROM) |    \
     CTL_BIT(CTL_TO))
#define ACT (CTL_BIT(CTL_ACTOR) | CTL_BIT(CTL_NOTE))
#define REPLAY                                                                                     \
    (CTL_BIT(CTL_FORMAT) | CTL_BIT(CTL_STOCK) | CTL_BIT(CTL_UNTIL) | CTL_BIT(CTL_RETURNS))

#define KEYGEN (CTL_BIT(CTL_ALG) | CTL_BIT(CTL_KID) | CTL_BIT(CTL_OUT))
#define TOKEN                                                                                      \
    (CTL_BIT(CTL_KEY_FILE) | CTL_BIT(CTL_SUB) | CTL_BIT(CTL_SCOPE) | CTL_BIT(CTL_EMAIL) |          \
     CTL_BIT(CTL_TTL) | CTL_BIT(CTL_ISSUER) | CTL_BIT(CTL_AUDIENCE))

/* noun, verb, operands, help, options, flags, operand count, function; by noun as they are used */
static const ctl_command commands[] = {
    {"seed", NULL, "", "a demo catalogue with stock", CTL_BIT(CTL_ORDERS), CTL_DRIVES | CTL_UNNAMED,
     0, ctl_seed},
    {"replay", NULL, "FILE", "orders of a real shop, from a CSV file or its .xz", REPLAY,
     CTL_DRIVES | CTL_PATIENT | CTL_UNNAMED, 1, ctl_replay},
    {"verify", NULL, "", "check every invariant of one store or several", CTL_BIT(CTL_AT_REST),
     CTL_MANY_STORES | CTL_STORE_ONLY, 0, ctl_verify},
    {"orders", "list", "", "newest first", ORDER_FILTER | PAGE, 0, 0, ctl_orders_list},
    {"orders", "show", "ID", "one order and its history", 0, 0, 1, ctl_orders_show},
    {"orders", "cancel", "ID", "cancel; a COMPLETED order is returned and refunded",
     ACT | CTL_BIT(CTL_REASON) | CTL_BIT(CTL_KEY), 0, 1, ctl_orders_cancel},
    {"orders", "export", "", "all that match, one JSON object a line", ORDER_FILTER, 0, 0,
     ctl_orders_export},
    {"products", "list", "", "by SKU", PAGE | CTL_BIT(CTL_CATEGORY), 0, 0, ctl_products_list},
    {"products", "show", "SKU", "one product", 0, 0, 1, ctl_products_show},
    {"products", "import", "FILE",
     "CSV with sku,name,price_minor,currency[,description,brand,category,image_url]", 0, 0, 1,
     ctl_products_import},
    {"products", "export", "", "as CSV, or one JSON object a line", CTL_BIT(CTL_CATEGORY), 0, 0,
     ctl_products_export},
    {"products", "resync", "", "emit every product again for followers", 0, CTL_STORE_ONLY, 0,
     ctl_products_resync},
    {"search", NULL, "TEXT", "products that shoppers find with these words", PAGE, 0, 1,
     ctl_search},
    {"stock", "list", "", "counters by SKU", PAGE | CTL_BIT(CTL_BELOW), 0, 0, ctl_stock_list},
    {"stock", "show", "SKU", "the counters of one SKU", 0, 0, 1, ctl_stock_show},
    {"stock", "receive", "SKU QUANTITY", "a delivery", CTL_BIT(CTL_KEY) | CTL_BIT(CTL_REASON), 0, 2,
     ctl_stock_receive},
    {"stock", "adjust", "SKU DELTA", "correct the count; --reason is required",
     CTL_BIT(CTL_KEY) | CTL_BIT(CTL_REASON), 0, 2, ctl_stock_adjust},
    {"sagas", "list", "", "orders whose stock or money is not settled, oldest first",
     PAGE | CTL_BIT(CTL_PARKED) | CTL_BIT(CTL_PARTICIPANT) | CTL_BIT(CTL_AGE), 0, 0,
     ctl_sagas_list},
    {"sagas", "show", "ID", "what each participant knows of an order", 0, 0, 1, ctl_sagas_show},
    {"sagas", "retry", "ID", "let a parked --participant try again", ACT | CTL_BIT(CTL_PARTICIPANT),
     0, 1, ctl_sagas_retry},
    {"sagas", "mark", "ID", "say what a parked --participant's --result is in truth",
     ACT | CTL_BIT(CTL_PARTICIPANT) | CTL_BIT(CTL_RESULT), 0, 1, ctl_sagas_mark},
    {"sagas", "compensate", "ID", "fail the order, or cancel a COMPLETED one", ACT, 0, 1,
     ctl_sagas_compensate},
    {"events", "tail", "", "the newest events, or those --after a position",
     CTL_BIT(CTL_AFTER) | CTL_BIT(CTL_LIMIT) | CTL_BIT(CTL_FOLLOW), 0, 0, ctl_events_tail},
    {"dead-letters", "list", "", "events that could not be decided", PAGE | CTL_BIT(CTL_CONSUMER),
     0, 0, ctl_dead_letters_list},
    {"dead-letters", "redrive", "CONSUMER KEY", "run the parked events of one key again", 0, 0, 2,
     ctl_dead_letters_redrive},
    {"notifications", "list", "", "what became of them, newest order first",
     PAGE | CTL_BIT(CTL_STATE), 0, 0, ctl_notifications_list},
    {"backup", NULL, "PATH", "copy the store while it works", 0, CTL_STORE_ONLY, 1, ctl_backup},
    {"restored", NULL, "", "start a new log epoch after a database restore", 0, CTL_STORE_ONLY, 0,
     ctl_restored},
    {"migrate", NULL, "", "bring the store to this release's schema", 0, CTL_STORE_ONLY, 0,
     ctl_migrate},
    {"reindex", NULL, "", "fill the search index again from the products", 0, CTL_STORE_ONLY, 0,
     ctl_reindex},
    {"drain", NULL, "", "wait until nothing is under way", CTL_BIT(CTL_TIMEOUT), CTL_STORE_ONLY, 0,
     ctl_drain},
    {"settings", NULL, "", "the settings of a store, with their values", 0, CTL_NO_STORE, 0,
     ctl_settings},
    {"keygen", NULL, "", "make a key that signs tokens, for development", KEYGEN, CTL_NO_STORE, 0,
     ctl_keygen},
    {"token", NULL, "", "sign a token for the HTTP interface", TOKEN, CTL_NO_STORE, 0, ctl_token},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* "stock receive SKU QUANTITY". */
static void write_words(char *out, size_t size, const ctl_command *command)
{
    const char *verb = command->verb == NULL ? "" : command->verb;
    snprintf(out, size, "%s%s%s%s%s", command->noun, verb[0] == 0 ? "" : " ", verb,
             command->operands[0] == 0 ? "" : " ", command->operands);
}

static void print_command(FILE *file, const ctl_command *command)
{
    char words[64];
    write_words(words, sizeof words, command);
    fprintf(file, "  %-31s %s\n", words, command->help);
}

/* All commands, or those of one noun. */
static void print_usage(FILE *file, const char *noun)
{
    fputs("usage: auroractl NOUN [VERB] [OPERAND...] --store URL | --url http://HOST:PORT [--json] "
          "[--SETTING VALUE]\n",
          file);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (noun == NULL || strcmp(commands[i].noun, noun) == 0)
            print_command(file, &commands[i]);
    }
    fputs("'auroractl NOUN VERB --help' lists options. Exit status: 0 yes, 1 no, 2 could not "
          "tell.\n",
          file);
}

static void print_help(const ctl_command *command)
{
    char words[64];
    write_words(words, sizeof words, command);
    printf("usage: auroractl %s [OPTION...]\n%s\n\n", words, command->help);
    ctl_options_describe(command);
}

static int refuse_noun(const char *word)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t distance = ctl_word_distance(word, commands[i].noun);
        if (distance < best_distance) {
            best = commands[i].noun;
            best_distance = distance;
        }
    }
    if (best != NULL && ctl_word_is_near(word, best_distance))
        return ctl_refuse("there is no '%s'; did you mean '%s'?", word, best);
    return ctl_refuse("there is no '%s'; 'auroractl --help' lists what there is", word);
}

static int refuse_verb(const char *noun, const char *word)
{
    if (word == NULL || word[0] == '-') {
        ctl_refuse("%s needs a verb", noun);
        print_usage(stderr, noun);
        return CTL_UNSURE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].noun, noun) == 0 &&
            ctl_word_is_near(word, ctl_word_distance(word, commands[i].verb)))
            return ctl_refuse("there is no '%s %s'; did you mean '%s %s'?", noun, word, noun,
                              commands[i].verb);
    }
    ctl_refuse("there is no '%s %s'", noun, word);
    print_usage(stderr, noun);
    return CTL_UNSURE;
}

static void write_name(char *out, size_t size, const ctl_command *command)
{
    snprintf(out, size, "%s%s%s", command->noun, command->verb == NULL ? "" : " ",
             command->verb == NULL ? "" : command->verb);
}

/* Whether it is clear which shop is meant. */
static int check_shop(const ctl *run, const char *name)
{
    uint32_t flags = run->command->flags;
    if ((flags & CTL_NO_STORE) != 0)
        return CTL_YES;
    if (run->url == NULL)
        return run->store_count > 0
                   ? CTL_YES
                   : ctl_refuse("--store URL is missing, such as --store sqlite:shop.db%s",
                                (flags & CTL_STORE_ONLY) != 0 ? "" : ", or --url http://HOST:PORT");
    if ((flags & CTL_STORE_ONLY) != 0)
        return ctl_refuse("%s works on the store itself: give --store URL in place of --url", name);
    if (run->store_count > 0)
        return ctl_refuse("--store and --url are two shops: give one of them");
    if (!ctl_endpoint_is_url(run->url))
        return ctl_refuse("--url: must be http://HOST:PORT, is '%s'", run->url);
    return CTL_YES;
}

/* Whether `run` has what its command asks for. */
static int check(const ctl *run)
{
    char name[64];
    const ctl_command *command = run->command;
    write_name(name, sizeof name, command);
    if (run->operand_count < command->operand_count)
        return ctl_refuse("%s needs %s", name, command->operands);
    if (run->operand_count > command->operand_count)
        return ctl_refuse("'%s' is one word too many", run->operands[command->operand_count]);
    return check_shop(run, name);
}

static int dispatch(const ctl_command *command, int count, char **words)
{
    ctl run = {.command = command};
    int outcome = ctl_options_read(&run, count, words);
    if (outcome == CTL_YES && run.is_help) {
        print_help(command);
    } else if (outcome == CTL_YES) {
        outcome = check(&run);
        if (outcome == CTL_YES)
            outcome = command->run(&run);
    }
    ctl_options_free(&run);
    /* An answer that did not reach the reader is no answer. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return ctl_refuse("standard output: cannot be written");
    return outcome;
}

int main(int argc, char **argv)
{
    const char *noun = argc > 1 ? argv[1] : NULL;
    const char *verb = argc > 2 ? argv[2] : NULL;
    if (noun == NULL) {
        print_usage(stderr, NULL);
        return CTL_UNSURE;
    }
    if (strcmp(noun, "--help") == 0 || strcmp(noun, "-h") == 0 || strcmp(noun, "help") == 0) {
        print_usage(stdout, NULL);
        return CTL_YES;
    }
    if (strcmp(noun, "--version") == 0) {
        printf("auroractl %s\n", aurora_version());
        return CTL_YES;
    }
    bool is_noun = false;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].noun, noun) != 0)
            continue;
        is_noun = true;
        if (commands[i].verb == NULL)
            return dispatch(&commands[i], argc - 2, argv + 2);
        if (verb != NULL && strcmp(commands[i].verb, verb) == 0)
            return dispatch(&commands[i], argc - 3, argv + 3);
    }
    if (is_noun && verb != NULL && (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)) {
        print_usage(stdout, noun);
        return CTL_YES;
    }
    return is_noun ? refuse_verb(noun, verb) : refuse_noun(noun);
}
