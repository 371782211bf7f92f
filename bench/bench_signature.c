/* SPDX-License-Identifier: MIT */
/* What signing a call costs the gateway, and looking at the signature its service: CPU nanoseconds
 * without a body and with one of 500 bytes, medians of nine rounds. */
#include "http/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9
#define COUNT 200000

static const char secret[] = "the secret of the signature benchmark";
static char body[500];
static char text[AURORA_SIGNATURE_TEXT_BYTES];
static aurora_signed_request sample = {
    .method = "GET",
    .path = "/products/sku-00001",
    .query = "",
    .body = body,
    .principal = "customer-001",
    .scopes = "orders:read orders:write",
    .deadline = "1795415886000",
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void write_one(void)
{
    aurora_signature_write(secret, &sample, text);
}

static void check_one(void)
{
    if (!aurora_signature_is_valid(secret, &sample, text))
        exit(1);
}

static double measure(void (*run)(void), size_t body_len)
{
    double rounds[ROUNDS];
    sample.body_len = body_len;
    write_one();
    for (int i = 0; i < ROUNDS; i++) {
        double begin = now_ns();
        for (int j = 0; j < COUNT; j++)
            run();
        rounds[i] = (now_ns() - begin) / COUNT;
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], compare);
    return rounds[ROUNDS / 2];
}

int main(void)
{
    memset(body, 'x', sizeof body);
    double write = measure(write_one, 0), write_body = measure(write_one, sizeof body);
    double check = measure(check_one, 0), check_body = measure(check_one, sizeof body);
    printf("%-48s %8.0f ns\n", "signature of a call without a body", write);
    printf("%-48s %8.0f ns\n", "with 500 bytes", write_body);
    printf("%-48s %8.0f ns\n", "looking at one without a body", check);
    printf("%-48s %8.0f ns\n", "with 500 bytes", check_body);
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *file = fopen(path != NULL ? path : "var/bench/signature.json", "w");
    if (file == NULL)
        return 1;
    fprintf(file,
            "{\"write_ns\":%.0f,\"write_body_ns\":%.0f,\"check_ns\":%.0f,\"check_body_ns\":%.0f}\n",
            write, write_body, check, check_body);
    return fclose(file) == 0 ? 0 : 1;
}
