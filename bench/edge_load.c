/* SPDX-License-Identifier: MIT */
/* The generator of the edge benchmark: GET of products over 64 kept connections, each request with
 * one of the lines of FILE among its fields, in turn; every answer must have STATUS. Prints one
 * JSON object: requests, those a second, CPU time of the process PID for one of them.
 *
 * edge_load PORT PID SECONDS STATUS FILE ("" = no line; STATUS 0 = any) */
#include "http_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 64
#define LINES_MAX 1024
#define LINE_BYTES 2048
#define SKUS 10000

typedef struct {
    char *lines[LINES_MAX];
    uint32_t count;
} fields;

static void read_lines(fields *to, const char *path)
{
    char line[LINE_BYTES];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (to->count < LINES_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        to->lines[to->count++] = strdup(line);
    }
    fclose(file);
}

static size_t fill(void *self, char *text, size_t capacity, uint64_t n)
{
    const fields *f = self;
    const char *line = f->count > 0 ? f->lines[n % f->count] : "";
    int len = snprintf(text, capacity,
                       "GET /products/sku-%05u HTTP/1.1\r\nHost: localhost\r\n"
                       "User-Agent: edge_load\r\nAccept: application/json\r\n%s%s\r\n",
                       (unsigned)(n % SKUS), line, line[0] != '\0' ? "\r\n" : "");
    return len < (int)capacity ? (size_t)len : 0;
}

int main(int argc, char **argv)
{
    fields f = {.count = 0};
    http_load_result result;
    if (argc != 6) {
        fprintf(stderr, "usage: edge_load PORT PID SECONDS STATUS FILE\n");
        return 2;
    }
    if (argv[5][0] != '\0')
        read_lines(&f, argv[5]);
    const http_load_plan plan = {
        .port = (uint16_t)strtol(argv[1], NULL, 10),
        .server = (pid_t)strtol(argv[2], NULL, 10),
        .seconds = strtod(argv[3], NULL),
        .status = (int)strtol(argv[4], NULL, 10),
        .connections = CONNECTIONS,
        .fill = fill,
        .self = &f,
    };
    if (http_load(&plan, &result) != 0) {
        fprintf(stderr, "edge_load: cannot connect to port %s\n", argv[1]);
        return 1;
    }
    if (result.errors > 0 && plan.status != 0) {
        fprintf(stderr, "edge_load: %llu errors, the first: %s\n",
                (unsigned long long)result.errors, result.first_error);
        return 1;
    }
    printf("{\"requests\":%llu,\"per_s\":%.0f,\"cpu_us\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           (unsigned long long)result.done, result.per_s, result.cpu_us, result.p50_ms,
           result.p99_ms);
    for (uint32_t i = 0; i < f.count; i++)
        free(f.lines[i]);
    return 0;
}
