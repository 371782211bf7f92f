/* SPDX-License-Identifier: MIT */
#include "siphash.h"

typedef struct {
    uint64_t a, b, c, d;
} state;

static uint64_t rotate(uint64_t word, int by)
{
    return word << by | word >> (64 - by);
}

static void mix(state *s, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        s->a += s->b;
        s->b = rotate(s->b, 13) ^ s->a;
        s->a = rotate(s->a, 32);
        s->c += s->d;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a += s->d;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c += s->b;
        s->b = rotate(s->b, 17) ^ s->c;
        s->c = rotate(s->c, 32);
    }
}

static void absorb(state *s, uint64_t word)
{
    s->d ^= word;
    mix(s, 2);
    s->a ^= word;
}

/* At most 8 bytes as a little-endian number, whatever the machine's order and alignment. */
static uint64_t load(const unsigned char *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

/* The same for 8 bytes, which compilers turn into one load. */
static uint64_t load_word(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

aurora__digest aurora__siphash(const uint64_t seed[2], const void *data, size_t len)
{
    const unsigned char *bytes = data;
    size_t whole = len & ~(size_t)7;
    aurora__digest digest;
    state s = {
        seed[0] ^ 0x736f6d6570736575,
        seed[1] ^ 0x646f72616e646f6d ^ 0xee,
        seed[0] ^ 0x6c7967656e657261,
        seed[1] ^ 0x7465646279746573,
    };

    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, load_word(bytes + i));
    absorb(&s, (uint64_t)len << 56 | (len == whole ? 0 : load(bytes + whole, len - whole)));
    s.c ^= 0xee;
    mix(&s, 4);
    digest.low = s.a ^ s.b ^ s.c ^ s.d;
    s.b ^= 0xdd;
    mix(&s, 4);
    digest.high = s.a ^ s.b ^ s.c ^ s.d;
    return digest;
}
