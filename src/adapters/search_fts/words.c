/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/words.h"

#include "adapters/search_fts/fold.h"

#include <string.h>

void aurora__fts_words(aurora__fts_reader *reader, const char *text, size_t length)
{
    *reader = (aurora__fts_reader){.text = text, .length = length};
}

/* --- plurals ---------------------------------------------------------------------------------- */

static bool ends(const char *word, uint32_t length, const char *ending)
{
    size_t size = strlen(ending);
    return length > size && memcmp(word + length - size, ending, size) == 0;
}

/* English plurals become singular (Harman 1991, "How effective is suffixing?": the S stemmer, with
 * -es after sibilants). Other words, and those with digits or of other scripts, stay. Returns the
 * new length. */
static uint32_t singular(char *word, uint32_t length)
{
    if (length < 4 || word[length - 1] != 's')
        return length;
    for (uint32_t i = 0; i < length; i++) {
        if (word[i] < 'a' || word[i] > 'z')
            return length;
    }
    uint32_t now = length;
    if (ends(word, length, "ies") && length > 4) {
        word[length - 3] = 'y';
        now = length - 2;
    } else if (ends(word, length, "ches") || ends(word, length, "shes") ||
               ends(word, length, "sses") || ends(word, length, "xes")) {
        now = length - 2;
    } else if (!ends(word, length, "ss") && !ends(word, length, "us") &&
               !ends(word, length, "is")) {
        now = length - 1;
    }
    word[now] = '\0';
    return now;
}

/* --- lists ------------------------------------------------------------------------------------ */

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

bool aurora__fts_is_stop_word(const char *word)
{
    static const char *const words[] = {"a",  "an", "and", "at", "by",  "der", "die", "for",
                                        "in", "of", "on",  "or", "the", "to",  "und", "with"};
    return is_one_of(word, words, sizeof words / sizeof *words);
}

bool aurora__fts_is_accessory(const char *word)
{
    static const char *const words[] = {
        "accessory", "adapter", "adaptor", "arm",    "bag",       "battery",     "bracket",
        "cable",     "cap",     "carrier", "cart",   "cartridge", "case",        "charger",
        "cleaner",   "clip",    "cord",    "cover",  "cradle",    "drum",        "enclosure",
        "filter",    "frame",   "guard",   "holder", "holster",   "hook",        "kit",
        "label",     "lens",    "lid",     "lock",   "mat",       "mount",       "pad",
        "part",      "pillow",  "pouch",   "rack",   "refill",    "replacement", "rest",
        "ribbon",    "shelf",   "skin",    "sleeve", "spare",     "stand",       "strap",
        "support",   "tape",    "toner",   "tray",   "wrap",      "protector",   "protection",
    };
    return is_one_of(word, words, sizeof words / sizeof *words);
}

/* --- words ------------------------------------------------------------------------------------ */

/* One character of the source. */
typedef struct {
    uint32_t code;
    size_t bytes;
    char folded[AURORA__FTS_FOLDED_BYTES_MAX];
    size_t length; /* of folded; 0 = not of a word */
    bool is_mark;
} character;

static bool look(const aurora__fts_reader *reader, size_t at, character *out)
{
    if (at >= reader->length)
        return false;
    out->code = aurora__fts_decode(reader->text + at, reader->length - at, &out->bytes);
    out->length = out->code == 0xFFFD ? 0 : aurora__fts_fold(out->code, out->folded, &out->is_mark);
    if (out->code == 0xFFFD)
        out->is_mark = false;
    return true;
}

static bool is_digit(const character *c)
{
    return c->length == 1 && c->folded[0] >= '0' && c->folded[0] <= '9';
}

static bool digit_follows(const aurora__fts_reader *reader, size_t at)
{
    character next;
    return look(reader, at, &next) && is_digit(&next);
}

static bool is_apostrophe(uint32_t code)
{
    return code == '\'' || code == 0x2019;
}

static bool is_joiner(uint32_t code)
{
    return code == '-' || code == '_' || code == '/' || code == '.' || code == '&' || code == '+' ||
           code == 0x2010 || code == 0x2011 || is_apostrophe(code);
}

static bool is_inch(uint32_t code)
{
    return code == '"' || code == 0x201D || code == 0x2033;
}

/* What is written behind a number, in the spelling that the index holds. */
static const char *const units[] = {"gb",  "tb",  "mb", "kb",   "mah",  "ah",   "wh",   "w",
                                    "kw",  "v",   "mm", "cm",   "m",    "inch", "hz",   "khz",
                                    "mhz", "ghz", "mp", "gbit", "mbit", "gbps", "mbps", "kg",
                                    "g",   "l",   "ml", "dpi",  "rpm"};

static bool is_unit(const char *word)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(word, units[i]) == 0)
            return true;
    }
    return false;
}

static void append(aurora__fts_word *word, const character *c)
{
    if (word->length + c->length > AURORA__FTS_WORD_BYTES_MAX)
        return;
    memcpy(word->text + word->length, c->folded, c->length);
    word->length += (uint32_t)c->length;
}

/* Digits with the points or commas between them: 15.6, and 15,6 is the same. */
static void take_number(aurora__fts_reader *reader, aurora__fts_word *word)
{
    static const character point = {.folded = ".", .length = 1};
    character c;
    while (look(reader, reader->at, &c)) {
        bool is_point = (c.code == '.' || c.code == ',') && word->length > 0 &&
                        digit_follows(reader, reader->at + c.bytes);
        if (!is_point && !is_digit(&c))
            return;
        append(word, is_point ? &point : &c);
        reader->at += c.bytes;
    }
}

/* A number ends where letters begin only if these are a unit and nothing else: i5 and 1135g7 are
 * one word each, 500gb are two. */
static bool unit_follows(const aurora__fts_reader *reader)
{
    char text[AURORA__FTS_WORD_BYTES_MAX + 1];
    size_t length = 0;
    character c;
    for (size_t at = reader->at; look(reader, at, &c) && c.length > 0; at += c.bytes) {
        if (is_digit(&c) || length + c.length > 8)
            return false;
        memcpy(text + length, c.folded, c.length);
        length += c.length;
    }
    text[length] = '\0';
    return is_unit(text);
}

/* C++ and C# are words; the signs count only at the end. */
static void take_signs(aurora__fts_reader *reader, aurora__fts_word *word)
{
    character next;
    size_t at = reader->at;
    while (at < reader->length && at - reader->at < 2 &&
           (reader->text[at] == '+' || reader->text[at] == '#'))
        at++;
    if (at == reader->at || word->length != 1 || (look(reader, at, &next) && next.length > 0))
        return;
    memcpy(word->text + 1, reader->text + reader->at, at - reader->at);
    word->length += (uint32_t)(at - reader->at);
    reader->at = at;
}

static void take_letters(aurora__fts_reader *reader, aurora__fts_word *word)
{
    character c;
    character next;
    while (look(reader, reader->at, &c)) {
        bool is_inside = is_apostrophe(c.code) && word->length > 1 &&
                         look(reader, reader->at + c.bytes, &next) && next.length == 1 &&
                         next.folded[0] == 's';
        if (c.length == 0 && !c.is_mark && !is_inside)
            break;
        if (c.length > 0 && aurora__fts_is_ideograph(c.code))
            break;
        append(word, &c);
        reader->at += c.bytes;
    }
    take_signs(reader, word);
}

/* Skips to the next word; whether it is written together with the one before. */
static bool skip(aurora__fts_reader *reader, bool *is_inch_out)
{
    character c;
    size_t start = reader->at;
    uint32_t count = 0;
    uint32_t last = 0;
    *is_inch_out = false;
    while (look(reader, reader->at, &c) && c.length == 0) {
        if (count == 0 && reader->is_number && is_inch(c.code)) {
            *is_inch_out = true;
            return true;
        }
        reader->at += c.bytes;
        last = c.code;
        count++;
    }
    return reader->has_begun && (reader->at == start || (count == 1 && is_joiner(last)));
}

static void end_word(aurora__fts_reader *reader, aurora__fts_word *word)
{
    word->text[word->length] = '\0';
    word->length = singular(word->text, word->length);
    word->end = reader->at;
    word->is_unit = reader->is_number && is_unit(word->text);
    word->is_glued |= word->is_unit;
    reader->has_begun = true;
}

bool aurora__fts_next_word(aurora__fts_reader *reader, aurora__fts_word *out)
{
    character c;
    bool has_inch;
    out->length = 0;
    out->is_glued = skip(reader, &has_inch);
    out->start = reader->at;
    if (!look(reader, reader->at, &c))
        return false;
    if (has_inch) {
        memcpy(out->text, "inch", 5);
        out->length = 4;
        reader->at += c.bytes;
        end_word(reader, out);
        reader->is_number = false;
        return true;
    }
    bool is_number = false;
    if (aurora__fts_is_ideograph(c.code)) {
        append(out, &c);
        reader->at += c.bytes;
    } else {
        if (is_digit(&c))
            take_number(reader, out);
        is_number = out->length > 0 &&
                    (!look(reader, reader->at, &c) || c.length == 0 || unit_follows(reader));
        if (!is_number)
            take_letters(reader, out);
    }
    end_word(reader, out);
    reader->is_number = is_number;
    return true;
}
