/* SPDX-License-Identifier: MIT */
/* Says what money, prices, buckets and limiters of ours answer, one case a line, for
 * differential.py to work out again in integers of any size:
 *
 *   differential SEED CASES
 *
 * What is asked comes from the seed alone. Half of the numbers lie near the ends of their range,
 * where carries are lost. */
#include <aurora/aurora.h>
#include <aurora/limiter.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemons/auroractl/retail_text.c"

#define KEYS 8
#define STEPS 64 /* questions to one bucket */
#define LINES_MAX 4

static uint64_t state;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 1..most, by its magnitude as often small as large; sometimes an end. */
static uint64_t draw_up_to(uint64_t most)
{
    uint64_t word = draw();
    if (word % 16 == 0)
        return most - draw() % (most < 3 ? most : 3);
    uint64_t number = draw() >> (word % 64);
    return number % most + 1;
}

static int64_t draw_amount(void)
{
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    uint64_t word = draw();
    if (word % 4 == 0)
        return ends[word / 4 % (sizeof ends / sizeof *ends)];
    int64_t number = (int64_t)(draw() >> (word / 4 % 64));
    return word % 8 < 4 ? number : -1 - number;
}

/* --- money ------------------------------------------------------------------------------------ */

static void tell_arithmetic(void)
{
    int64_t a = draw_amount(), b = draw_amount(), result = 7;
    aurora_status rc = aurora_money_add(a, b, &result);
    printf("add %" PRId64 " %" PRId64 " %d %" PRId64 "\n", a, b, rc == AURORA_OK, result);
    result = 7;
    rc = aurora_money_mul(a, b, &result);
    printf("mul %" PRId64 " %" PRId64 " %d %" PRId64 "\n", a, b, rc == AURORA_OK, result);
}

/* The sum of an order's lines and charges: whether it is taken. */
static void tell_total(void)
{
    aurora_line lines[LINES_MAX];
    aurora_charge charge = {.kind = AURORA_CHARGE_DISCOUNT, .label = "less"};
    uint32_t count = 1 + draw() % LINES_MAX;
    aurora_order_request request;
    aurora_order_request_init(&request);
    request.flags = AURORA_ORDER_OWN_PRICES;
    request.currency = "EUR";
    request.payment_method = "tok";
    request.lines = lines;
    request.line_count = count;
    request.charges = &charge;
    request.charge_count = 1;
    printf("total");
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t quantity = (int64_t)draw_up_to(AURORA_QUANTITY_MAX);
        int64_t price = (int64_t)draw_up_to((uint64_t)AURORA_PRICE_MINOR_MAX) - 1;
        lines[i] = (aurora_line){.sku = "cup", .quantity = quantity, .unit_price_minor = price};
        sum += price < 1000000 && quantity < 1000000 ? price * quantity : 0;
        printf(" %" PRId64 " %" PRId64, quantity, price);
    }
    int64_t less = draw() % 2 == 0 ? sum + (int64_t)(draw() % 3) - 1
                                   : (int64_t)draw_up_to((uint64_t)AURORA_PRICE_MINOR_MAX);
    charge.amount_minor = less < 0 || less > AURORA_PRICE_MINOR_MAX ? 0 : -less;
    aurora_status rc = aurora_order_check(&request, NULL);
    printf(" %" PRId64 " %d\n", charge.amount_minor, rc == AURORA_OK);
}

/* A decimal number as retail files have it, in hundredths. */
static void tell_price(void)
{
    char text[48];
    uint64_t word = draw();
    int whole = (int)(word % 14), digits = (int)(word / 16 % 6), at = 0;
    if (word / 128 % 4 == 0)
        text[at++] = '-';
    for (int i = 0; i < whole; i++)
        text[at++] = (char)('0' + draw() % 10);
    if (digits > 0)
        text[at++] = '.';
    for (int i = 0; i < digits; i++)
        text[at++] = "0123456789459"[draw() % 13];
    text[at] = '\0';
    int64_t minor = 7;
    bool is_positive = false, is_taken = ctl_price_parse(text, &minor, &is_positive);
    printf("price '%s %d %" PRId64 " %d\n", text, is_taken, minor, is_positive);
}

/* --- buckets ---------------------------------------------------------------------------------- */

typedef struct {
    uint64_t tokens, per_ns, burst;
} rate;

static rate draw_rate(void)
{
    static const uint64_t usual[] = {1000000000, 60000000000,   1,
                                     1000,       3600000000000, AURORA_BUCKET_PER_NS_MAX};
    uint64_t word = draw();
    rate r;
    r.per_ns = word % 2 == 0 ? usual[word / 2 % (sizeof usual / sizeof *usual)]
                             : draw_up_to(AURORA_BUCKET_PER_NS_MAX);
    uint64_t kind = word / 64 % 4;
    r.tokens = kind == 0 ? 1 + draw() % 2 : draw_up_to(r.per_ns);
    if (r.tokens > r.per_ns)
        r.tokens = r.per_ns;
    r.burst = kind == 1 ? 1 + draw() % 5 : draw_up_to(AURORA_BUCKET_BURST_MAX);
    return r;
}

/* Mostly on, by about what a token or a burst takes; at times far, back, or out of range. */
static int64_t step(int64_t now, const rate *r)
{
    uint64_t word = draw();
    uint64_t token_ns = r->per_ns / r->tokens + 1;
    if (word % 64 == 0)
        return draw() % 2 == 0 ? -(int64_t)(draw() >> 2) : INT64_MAX - (int64_t)(draw() % 3);
    if (word % 64 < 4)
        return now - (int64_t)draw_up_to(token_ns * 2 < token_ns ? token_ns : token_ns * 2);
    uint64_t by = word % 8 == 5 ? draw() >> 12 : draw() % (word % 8 < 3 ? 3 : token_ns + 2);
    return now > INT64_MAX - (int64_t)(by >> 1) ? now : now + (int64_t)(by >> 1);
}

static uint64_t draw_take(const rate *r)
{
    uint64_t word = draw();
    if (word % 8 == 0)
        return draw_up_to(r->burst) + (word % 32 == 0 ? r->burst : 0);
    return word % 8 < 6 ? 1 : draw() % 4;
}

static void tell_limit(bool is_taken, int64_t retry_after_ns, const aurora_limit *limit)
{
    printf(" %d %" PRId64 " %" PRIu64 " %" PRId64 "\n", is_taken, retry_after_ns, limit->remaining,
           limit->reset_ns);
}

static uint64_t tell_bucket(void)
{
    rate r = draw_rate();
    int64_t now = (int64_t)(draw() >> (2 + draw() % 40));
    aurora_bucket bucket;
    aurora_status rc = aurora_bucket_init(&bucket, r.tokens, r.per_ns, r.burst, now);
    printf("bucket %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %d\n", r.tokens, r.per_ns,
           r.burst, now, rc == AURORA_OK);
    uint64_t told = 1;
    for (; rc == AURORA_OK && told < STEPS; told++) {
        uint64_t n = draw_take(&r);
        int64_t retry_after_ns = -2;
        aurora_limit limit;
        now = step(now, &r);
        bool is_taken = aurora_bucket_try_take(&bucket, n, now, &retry_after_ns);
        aurora_bucket_read(&bucket, now, &limit);
        printf("take 0 %" PRIu64 " %" PRId64, n, now);
        tell_limit(is_taken, retry_after_ns, &limit);
    }
    return told;
}

static uint64_t tell_limiter(void)
{
    rate r = draw_rate();
    aurora_limiter_options options;
    aurora_limiter *limiter = NULL;
    aurora_limiter_options_init(&options);
    options.capacity = KEYS * 8;
    options.shards = 1;
    options.tokens = r.tokens;
    options.per_ns = r.per_ns;
    options.burst = r.burst;
    aurora_status rc = aurora_limiter_new(&options, &limiter, NULL);
    int64_t now = (int64_t)(draw() >> (2 + draw() % 40));
    printf("limiter %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %d\n", r.tokens, r.per_ns,
           r.burst, now, rc == AURORA_OK);
    uint64_t told = 1;
    for (; rc == AURORA_OK && told < STEPS; told++) {
        uint64_t n = draw_take(&r);
        uint8_t key = (uint8_t)(draw() % KEYS);
        aurora_limit limit;
        now = step(now, &r);
        bool is_taken = aurora_limiter_try_take(limiter, &key, 1, n, now, &limit);
        printf("take %u %" PRIu64 " %" PRId64, key, n, now);
        tell_limit(is_taken, limit.retry_after_ns, &limit);
    }
    aurora_limiter_free(limiter);
    return told;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: differential SEED CASES\n");
        return 2;
    }
    state = strtoull(argv[1], NULL, 10);
    uint64_t cases = strtoull(argv[2], NULL, 10);
    for (uint64_t told = 0; told < cases;) {
        for (int i = 0; i < 16; i++, told += 4) {
            tell_arithmetic();
            tell_total();
            tell_price();
        }
        told += tell_bucket();
        told += tell_limiter();
    }
    return 0;
}
