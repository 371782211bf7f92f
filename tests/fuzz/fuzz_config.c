/* SPDX-License-Identifier: MIT */
/* Can a configuration hurt a daemon? The bytes are a file, an environment and flags, each of any
 * text: what is taken keeps the rules of its row, is printed, and shows no secret. Parts are
 * separated by a line "===", variables and flags by lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/rate_policy.h"
#include "service/config.h"

#define WORDS_MAX 16
#define PARTS 3

/* The lines of a text, cut in place; the list ends with NULL. */
static int split(char *text, char **words, int first)
{
    int count = first;
    for (char *at = text; *at != '\0' && count < WORDS_MAX;) {
        size_t length = strcspn(at, "\n");
        bool is_last = at[length] == '\0';
        at[length] = '\0';
        if (length > 0)
            words[count++] = at;
        at += length + !is_last;
    }
    words[count] = NULL;
    return count;
}

static void cut(char *text, char *parts[PARTS])
{
    static const char mark[] = "\n===\n";
    for (int i = 0; i < PARTS; i++) {
        char *end = strstr(text, mark);
        parts[i] = text;
        text = end != NULL ? end + sizeof mark - 1 : text + strlen(text);
        if (end != NULL)
            *end = '\0';
    }
}

/* A file that only this process sees; its path is of its descriptor. */
static int write_file(const char *text, size_t length, char path[32])
{
    int file = memfd_create("aurora.ini", 0);
    if (file < 0 || write(file, text, length) != (ssize_t)length)
        abort();
    snprintf(path, 32, "/proc/self/fd/%d", file);
    return file;
}

static void check_values(const aurora_config *config)
{
    uint32_t count;
    const aurora_config_value *values = aurora_config_values(config, &count);
    for (uint32_t i = 0; i < count; i++) {
        char shown[AURORA_CONFIG_ERROR_BYTES];
        aurora_error err = AURORA_ERROR_INIT;
        if (values[i].text == NULL || values[i].origin == NULL ||
            aurora_setting_parse(values[i].info, values[i].text, NULL, &err) != AURORA_OK)
            abort();
        aurora_config_show(&values[i], shown, sizeof shown);
        if ((values[i].info->flags & AURORA_SETTING_SECRET) != 0 && values[i].text[0] != '\0' &&
            strcmp(shown, "********") != 0)
            abort();
    }
    (void)aurora_config_assignments(config, &count);
    (void)aurora_config_warnings(config, &count);
    (void)aurora_config_properties(config, &count);
}

static void print(const aurora_config *config)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL)
        return;
    aurora_config_print(config, file);
    fclose(file);
    if (length == 0)
        abort();
    free(text);
}

static void read_config(char *parts[PARTS])
{
    char path[32], error[AURORA_CONFIG_ERROR_BYTES] = "";
    char *environment[WORDS_MAX + 1], *flags[WORDS_MAX + 1] = {"aurorad", "--config", path};
    int file = write_file(parts[0], strlen(parts[0]), path);
    split(parts[1], environment, 0);
    aurora_config *config = NULL;
    aurora_config_source source = {.program = "aurorad",
                                   .summary = "Runs a shop.",
                                   .argc = split(parts[2], flags, 3),
                                   .argv = flags,
                                   .environment = environment};
    if (!aurora_config_read(&source, &config, error)) {
        if (error[0] == '\0' || strchr(error, '\n') != NULL)
            abort();
    } else {
        if (aurora_config_action(config) != AURORA_CONFIG_HELP &&
            aurora_config_action(config) != AURORA_CONFIG_VERSION)
            check_values(config);
        print(config);
    }
    aurora_config_free(config);
    close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *parts[PARTS];
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    cut(text, parts);
    read_config(parts);
    free(text);
    return 0;
}
