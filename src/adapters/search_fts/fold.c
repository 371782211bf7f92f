/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/fold.h"

#include <string.h>

/* U+00C0 to U+017F: letters of Latin-1 and Latin Extended-A; a blank stands for none. */
static const char latin[192][3] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c",  "e",  "e", "e", "e", "i",  "i",  "i", "i", "d", "n",
    "o", "o", "o",  "o",  "o", "",  "o",  "u",  "u",  "u", "u", "y", "th", "ss", "a", "a", "a", "a",
    "a", "a", "ae", "c",  "e", "e", "e",  "e",  "i",  "i", "i", "i", "d",  "n",  "o", "o", "o", "o",
    "o", "",  "o",  "u",  "u", "u", "u",  "y",  "th", "y", "a", "a", "a",  "a",  "a", "a", "c", "c",
    "c", "c", "c",  "c",  "c", "c", "d",  "d",  "d",  "d", "e", "e", "e",  "e",  "e", "e", "e", "e",
    "e", "e", "g",  "g",  "g", "g", "g",  "g",  "g",  "g", "h", "h", "h",  "h",  "i", "i", "i", "i",
    "i", "i", "i",  "i",  "i", "i", "ij", "ij", "j",  "j", "k", "k", "k",  "l",  "l", "l", "l", "l",
    "l", "l", "l",  "l",  "l", "n", "n",  "n",  "n",  "n", "n", "n", "n",  "n",  "o", "o", "o", "o",
    "o", "o", "oe", "oe", "r", "r", "r",  "r",  "r",  "r", "s", "s", "s",  "s",  "s", "s", "s", "s",
    "t", "t", "t",  "t",  "t", "t", "u",  "u",  "u",  "u", "u", "u", "u",  "u",  "u", "u", "u", "u",
    "w", "w", "y",  "y",  "y", "z", "z",  "z",  "z",  "z", "z", "s"};

typedef struct {
    uint32_t first;
    uint32_t last;
} range;

/* What separates words above U+00BF, beside the two in the table. */
static const range separators[] = {
    {0x2000, 0x206F}, {0x20A0, 0x20CF}, {0x2100, 0x214F},   {0x2190, 0x2BFF},
    {0x2E00, 0x2E7F}, {0x3000, 0x303F}, {0xD800, 0xF8FF},   {0xFE10, 0xFE6F},
    {0xFF5F, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
};

static const range ideographs[] = {
    {0x3040, 0x30FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x2FA1F},
};

static const range marks[] = {{0x0300, 0x036F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};

/* Vietnamese and other letters of U+1E00 to U+1EFF, by the last one of each. */
static const struct {
    uint32_t last;
    char letter;
} additional[] = {
    {0x1E01, 'a'}, {0x1E07, 'b'}, {0x1E09, 'c'}, {0x1E13, 'd'}, {0x1E1D, 'e'}, {0x1E1F, 'f'},
    {0x1E21, 'g'}, {0x1E2B, 'h'}, {0x1E2F, 'i'}, {0x1E35, 'k'}, {0x1E3D, 'l'}, {0x1E43, 'm'},
    {0x1E4B, 'n'}, {0x1E53, 'o'}, {0x1E57, 'p'}, {0x1E5F, 'r'}, {0x1E69, 's'}, {0x1E71, 't'},
    {0x1E7B, 'u'}, {0x1E7F, 'v'}, {0x1E89, 'w'}, {0x1E8D, 'x'}, {0x1E8F, 'y'}, {0x1E95, 'z'},
    {0x1E96, 'h'}, {0x1E97, 't'}, {0x1E98, 'w'}, {0x1E99, 'y'}, {0x1E9A, 'a'}, {0x1E9F, 's'},
    {0x1EB7, 'a'}, {0x1EC7, 'e'}, {0x1ECB, 'i'}, {0x1EE3, 'o'}, {0x1EF1, 'u'}, {0x1EF9, 'y'},
};

static bool is_in(const range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

uint32_t aurora__fts_decode(const char *text, size_t length, size_t *bytes_out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = (uint8_t)text[0];
    size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    *bytes_out = 1;
    if (bytes == 1)
        return lead;
    if (bytes == 0 || bytes > length || lead > 0xF4)
        return 0xFFFD;
    uint32_t code = lead & (0xFFu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if (((uint8_t)text[i] & 0xC0) != 0x80)
            return 0xFFFD;
        code = code << 6 | ((uint8_t)text[i] & 0x3Fu);
    }
    if (code < smallest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0xFFFD;
    *bytes_out = bytes;
    return code;
}

static size_t encode(uint32_t code, char out[AURORA__FTS_FOLDED_BYTES_MAX])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t bytes = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = bytes - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)((0xF00u >> bytes & 0xFF) | code);
    return bytes;
}

static uint32_t lower_greek(uint32_t code)
{
    static const uint16_t accented[][2] = {
        {0x386, 0x3AC}, {0x388, 0x3AD}, {0x389, 0x3AE}, {0x38A, 0x3AF},
        {0x38C, 0x3CC}, {0x38E, 0x3CD}, {0x38F, 0x3CE},
    };
    for (size_t i = 0; i < sizeof accented / sizeof *accented; i++) {
        if (code == accented[i][0])
            return accented[i][1];
    }
    return code >= 0x391 && code <= 0x3AB ? code + 0x20 : code;
}

static uint32_t lower_of(uint32_t code)
{
    if ((code >= 'A' && code <= 'Z') || (code >= 0xC0 && code <= 0xDE && code != 0xD7))
        return code + 0x20;
    if (code >= 0x100 && code <= 0x177 && code != 0x130 && code != 0x131 && code != 0x138) {
        bool is_odd_upper = code >= 0x139 && code <= 0x148;
        return (code & 1) == (is_odd_upper ? 1u : 0u) && code != 0x149 ? code + 1 : code;
    }
    if (code >= 0x386 && code <= 0x3AB)
        return lower_greek(code);
    if (code >= 0x410 && code <= 0x42F)
        return code + 0x20;
    return code >= 0x400 && code <= 0x40F ? code + 0x50 : code;
}

size_t aurora__fts_lower(uint32_t code, char out[AURORA__FTS_FOLDED_BYTES_MAX])
{
    return encode(lower_of(code), out);
}

static uint32_t fold_other(uint32_t code)
{
    static const uint16_t plain[][2] = {
        {0x3AC, 0x3B1}, {0x3AD, 0x3B5}, {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3CA, 0x3B9},
        {0x3CB, 0x3C5}, {0x3CC, 0x3BF}, {0x3CD, 0x3C5}, {0x3CE, 0x3C9}, {0x3C2, 0x3C3},
        {0x390, 0x3B9}, {0x3B0, 0x3C5}, {0x451, 0x435},
    };
    code = lower_of(code);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (code == plain[i][0])
            return plain[i][1];
    }
    return code;
}

static size_t fold_ascii(uint32_t code, char *out)
{
    bool is_letter = (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
    if (!is_letter && (code < '0' || code > '9'))
        return 0;
    out[0] = (char)(is_letter ? code | 0x20 : code);
    return 1;
}

size_t aurora__fts_fold(uint32_t code, char out[AURORA__FTS_FOLDED_BYTES_MAX], bool *is_mark_out)
{
    *is_mark_out = false;
    if (code >= 0xFF01 && code <= 0xFF5E) /* full width */
        code -= 0xFEE0;
    if (code < 0x80)
        return fold_ascii(code, out);
    if (code < 0xC0) {
        if (code != 0xB5)
            return 0;
        code = 0x3BC; /* the micro sign is a Greek letter */
    }
    if (code < 0x180) {
        size_t length = strlen(latin[code - 0xC0]);
        memcpy(out, latin[code - 0xC0], length);
        return length;
    }
    *is_mark_out = is_in(marks, sizeof marks / sizeof *marks, code);
    if (*is_mark_out || is_in(separators, sizeof separators / sizeof *separators, code))
        return 0;
    if (code >= 0x1E00 && code <= 0x1EF9) {
        size_t i = 0;
        while (additional[i].last < code)
            i++;
        out[0] = additional[i].letter;
        return 1;
    }
    return encode(fold_other(code), out);
}

bool aurora__fts_is_ideograph(uint32_t code)
{
    return is_in(ideographs, sizeof ideographs / sizeof *ideographs, code);
}
