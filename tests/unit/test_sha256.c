/* SPDX-License-Identifier: MIT */
#include "engine/sha256.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static const char *hex_of(const uint8_t digest[AURORA__SHA256_BYTES], char text_out[65])
{
    for (int i = 0; i < AURORA__SHA256_BYTES; i++)
        snprintf(text_out + 2 * i, 3, "%02x", digest[i]);
    return text_out;
}

static const char *hash_text(const char *text, char text_out[65])
{
    aurora__sha256 hash;
    uint8_t digest[AURORA__SHA256_BYTES];
    aurora__sha256_init(&hash);
    aurora__sha256_add(&hash, text, strlen(text));
    aurora__sha256_end(&hash, digest);
    return hex_of(digest, text_out);
}

/* The examples that NIST publishes with FIPS 180-4. */
START_TEST(test_sha256__gives_the_digests_of_the_standard)
{
    char hex[65];

    ck_assert_str_eq(hash_text("", hex),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_str_eq(hash_text("abc", hex),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_str_eq(hash_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", hex),
                     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    ck_assert_str_eq(
        hash_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnop"
                  "jklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                  hex),
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}
END_TEST

START_TEST(test_sha256__takes_a_million_letters)
{
    aurora__sha256 hash;
    uint8_t digest[AURORA__SHA256_BYTES];
    char letters[1000];
    char hex[65];
    memset(letters, 'a', sizeof letters);

    aurora__sha256_init(&hash);
    for (int i = 0; i < 1000; i++)
        aurora__sha256_add(&hash, letters, sizeof letters);
    aurora__sha256_end(&hash, digest);

    ck_assert_str_eq(hex_of(digest, hex),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(test_sha256__does_not_depend_on_the_pieces)
{
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);

    for (size_t length = 0; length <= sizeof bytes; length++) {
        uint8_t whole[AURORA__SHA256_BYTES], pieces[AURORA__SHA256_BYTES];
        aurora__sha256 hash;
        aurora__sha256_init(&hash);
        aurora__sha256_add(&hash, bytes, length);
        aurora__sha256_end(&hash, whole);

        aurora__sha256_init(&hash);
        for (size_t at = 0, piece = 0; at < length; at += piece) {
            piece = 1 + (at * 13 + length) % 70;
            piece = piece > length - at ? length - at : piece;
            aurora__sha256_add(&hash, bytes + at, piece);
        }
        aurora__sha256_end(&hash, pieces);

        ck_assert_mem_eq(whole, pieces, sizeof whole);
    }
}
END_TEST

static Suite *sha256_suite(void)
{
    Suite *suite = suite_create("sha256");
    TCase *tcase = tcase_create("sha256");
    tcase_add_test(tcase, test_sha256__gives_the_digests_of_the_standard);
    tcase_add_test(tcase, test_sha256__takes_a_million_letters);
    tcase_add_test(tcase, test_sha256__does_not_depend_on_the_pieces);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(sha256_suite)
