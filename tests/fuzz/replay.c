/* SPDX-License-Identifier: MIT */
/* The main of a fuzz target that is built without libFuzzer: feeds it inputs that are known.
 *
 *   fuzz_NAME --corpus tests/fuzz/corpus/NAME.txt [LABEL...]   all of the file, or those of a name
 *   fuzz_NAME FILE...                                         the bytes of each file
 *
 * A corpus has one input a line: a label, a blank, and the bytes, with \n \r \t \\ and \xHH for
 * what is not printable ASCII. Lines that begin with # are comments. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* libFuzzer calls it before all else where a target has one. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* In memory of exactly its size, so that a byte beyond it is seen. */
static void feed(const char *label, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    /* Said before: where it crashes, this is the last line. */
    printf("%s\n", label);
    fflush(stdout);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte out of *text, which moves on; -1 for an escape that there is not. */
static int read_byte(const char **text)
{
    static const char names[] = "nrt\\", values[] = "\n\r\t\\";
    const char *at = *text;
    *text += 1;
    if (*at != '\\')
        return (unsigned char)*at;
    *text += 1;
    const char *name = at[1] == '\0' ? NULL : strchr(names, at[1]);
    if (name != NULL)
        return values[name - names];
    if (at[1] != 'x' || hex_digit(at[2]) < 0 || hex_digit(at[3]) < 0)
        return -1;
    *text += 2;
    return hex_digit(at[2]) * 16 + hex_digit(at[3]);
}

/* Decodes in place; false for a line that is none. */
static bool decode(char *text, size_t *size_out)
{
    size_t size = 0;
    for (const char *at = text; *at != '\0';) {
        int byte = read_byte(&at);
        if (byte < 0)
            return false;
        text[size++] = (char)byte;
    }
    *size_out = size;
    return true;
}

static bool is_wanted(const char *label, char *const *labels, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(labels[i], label) == 0)
            return true;
    }
    return count == 0;
}

static int replay_corpus(const char *path, char *const *labels, int label_count)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    char *line = NULL;
    size_t capacity = 0, count = 0, number = 0;
    bool is_good = true;
    for (ssize_t len; is_good && (len = getline(&line, &capacity, file)) > 0;) {
        number++;
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        char *blank = strchr(line, ' ');
        if (line[0] == '#' || line[0] == '\0')
            continue;
        size_t size = 0;
        is_good = blank != NULL && decode(blank + 1, &size);
        if (!is_good) {
            fprintf(stderr, "%s:%zu: not a label, a blank and escaped bytes\n", path, number);
            continue;
        }
        *blank = '\0';
        if (!is_wanted(line, labels, label_count))
            continue;
        feed(line, (const uint8_t *)blank + 1, size);
        count++;
    }
    free(line);
    fclose(file);
    if (is_good && count == 0)
        fprintf(stderr, "%s: no input\n", path);
    return is_good && count > 0 ? 0 : 1;
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    int rc = file == NULL || bytes == NULL;
    if (rc == 0)
        feed(path, bytes, fread(bytes, 1, 1 << 20, file));
    else
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    free(bytes);
    return rc;
}

int main(int argc, char **argv)
{
    int rc = 0;
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    if (argc < 2) {
        fprintf(stderr, "usage: %s --corpus FILE [LABEL...] | FILE...\n", argv[0]);
        return 2;
    }
    if (strcmp(argv[1], "--corpus") == 0 && argc > 2)
        return replay_corpus(argv[2], argv + 3, argc - 3);
    for (int i = 1; i < argc; i++)
        rc |= replay_file(argv[i]);
    return rc;
}
