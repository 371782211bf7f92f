/* SPDX-License-Identifier: MIT */
#include "engine/sha256.h"

#include <string.h>

/* Processors with the SHA extensions take a block in a tenth of the time: an order with an
 * idempotency key costs three or four. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define HAS_EXTENSIONS 1
#include <immintrin.h>
#else
#define HAS_EXTENSIONS 0
#endif

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

static uint32_t load_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Section 6.2.2, with the message schedule kept as a ring of 16 words. */
static void absorb(uint32_t state[8], const uint8_t *block)
{
    uint32_t words[16];
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 16; i++)
        words[i] = load_word(block + 4 * (size_t)i);
    for (int i = 0; i < 64; i++) {
        if (i >= 16) {
            uint32_t early = words[(i + 1) & 15];
            uint32_t late = words[(i + 14) & 15];
            words[i & 15] += words[(i + 9) & 15] +
                             (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
                             (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
        }
        uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[i] + words[i & 15];
        uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

#if HAS_EXTENSIONS
/* The same with the state as the instructions want it: words A, B, E, F and C, D, G, H, highest
 * first. */
__attribute__((target("sha,sse4.1"))) static void absorb_fast(uint32_t state[8],
                                                              const uint8_t *block)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i words[4];
    for (int i = 0; i < 16; i++) {
        __m128i *now = &words[i & 3];
        if (i < 4) {
            *now = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * (size_t)i));
            *now = _mm_shuffle_epi8(*now, order);
        } else {
            __m128i before = words[(i + 3) & 3];
            __m128i middle = _mm_alignr_epi8(before, words[(i + 2) & 3], 4);
            __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, words[(i + 1) & 3]), middle);
            *now = _mm_sha256msg2_epu32(sum, before);
        }
        __m128i constants = _mm_loadu_si128((const __m128i *)(const void *)(rounds + 4 * i));
        __m128i sums = _mm_add_epi32(*now, constants);
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sums);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sums, 0x0E));
    }
    uint32_t out[8];
    _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi32(abef, abef_before));
    _mm_storeu_si128((__m128i *)(void *)(out + 4), _mm_add_epi32(cdgh, cdgh_before));
    static const uint8_t places[8] = {3, 2, 7, 6, 1, 0, 5, 4};
    for (int i = 0; i < 8; i++)
        state[i] = out[places[i]];
}
#endif

static void absorb_all(uint32_t state[8], const uint8_t *bytes, size_t blocks)
{
#if HAS_EXTENSIONS
    if (__builtin_cpu_supports("sha")) {
        for (; blocks > 0; blocks--, bytes += AURORA__SHA256_BLOCK)
            absorb_fast(state, bytes);
        return;
    }
#endif
    for (; blocks > 0; blocks--, bytes += AURORA__SHA256_BLOCK)
        absorb(state, bytes);
}

void aurora__sha256_init(aurora__sha256 *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->length = 0;
}

void aurora__sha256_add(aurora__sha256 *hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    size_t used = hash->length % AURORA__SHA256_BLOCK;
    hash->length += length;
    if (used > 0) {
        size_t room = AURORA__SHA256_BLOCK - used;
        size_t part = length < room ? length : room;
        if (part > 0)
            memcpy(hash->block + used, at, part);
        if (part < room)
            return;
        absorb_all(hash->state, hash->block, 1);
        at += part;
        length -= part;
    }
    size_t blocks = length / AURORA__SHA256_BLOCK;
    absorb_all(hash->state, at, blocks);
    length -= blocks * AURORA__SHA256_BLOCK;
    if (length > 0)
        memcpy(hash->block, at + blocks * AURORA__SHA256_BLOCK, length);
}

void aurora__sha256_end(aurora__sha256 *hash, uint8_t digest_out[AURORA__SHA256_BYTES])
{
    uint64_t bits = hash->length * 8;
    size_t used = hash->length % AURORA__SHA256_BLOCK;
    hash->block[used++] = 0x80;
    if (used > AURORA__SHA256_BLOCK - 8) {
        memset(hash->block + used, 0, AURORA__SHA256_BLOCK - used);
        absorb_all(hash->state, hash->block, 1);
        used = 0;
    }
    memset(hash->block + used, 0, AURORA__SHA256_BLOCK - 8 - used);
    for (int i = 0; i < 8; i++)
        hash->block[AURORA__SHA256_BLOCK - 1 - i] = (uint8_t)(bits >> (8 * i));
    absorb_all(hash->state, hash->block, 1);
    for (int i = 0; i < 32; i++)
        digest_out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
