/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/words.h"

#include <string.h>
#include <strings.h>

static const char *const stop_words[] = {"a",  "an", "and", "at", "by",  "der", "die", "for",
                                         "in", "of", "on",  "or", "the", "to",  "und", "with"};

static const char *const accessories[] = {
    "accessory", "adapter", "adaptor", "arm",       "bag",       "battery", "bracket",
    "cable",     "cap",     "carrier", "cart",      "cartridge", "case",    "charger",
    "cleaner",   "clip",    "cord",    "cover",     "cradle",    "drum",    "enclosure",
    "filter",    "frame",   "guard",   "holder",    "holster",   "hook",    "kit",
    "label",     "lens",    "lid",     "lock",      "mat",       "mount",   "pad",
    "part",      "pillow",  "pouch",   "protector", "rack",      "refill",  "replacement",
    "rest",      "ribbon",  "shelf",   "skin",      "sleeve",    "spare",   "stand",
    "strap",     "support", "tape",    "toner",     "tray",      "wrap",    "protection",
};

/* Words that mean the same in any shop; the list of docs/SEARCH.md. */
static const char *const synonyms[] = {
    "laptop, notebook",
    "tv, television",
    "smartphone, mobile phone, cellphone, cell phone",
    "headphone, earphone, earbud",
    "hdd, hard drive, hard disk",
    "ssd, solid state",
    "pc, computer",
    "monitor, display",
    "ram, memory",
    "usb stick, flash drive, memory stick",
    "wifi, wlan, wi fi",
    "wireless, cordless",
    "mic, microphone",
    "pic, picture, photo",
    "copier, photocopier",
    "projector, beamer",
    "loudspeaker, speaker",
    "ups, uninterruptible power",
    "power supply, psu",
    "video card, graphics card, gpu",
    "cpu, processor",
    "motherboard, mainboard",
    "cord, cable",
    "bag, case",
    "backpack, rucksack",
    "fridge, refrigerator",
    "freezer, deep freezer",
    "hoover, vacuum cleaner",
    "stove, cooker",
    "dishwasher, dish washer",
    "hair dryer, hairdryer, blow dryer",
    "razor, shaver",
    "sofa, couch",
    "lamp, light",
    "flashlight, torch",
    "trouser, pant",
    "sneaker, trainer",
    "pullover, sweater, jumper",
    "tshirt, t shirt",
    "diaper, nappy",
    "pram, stroller, pushchair",
    "bicycle, bike",
    "colour, color",
    "grey, gray",
    "jewellery, jewelry",
    "tyre, tire",
    "aluminium, aluminum",
    "fibre, fiber",
    "litre, liter",
    "gb, gigabyte",
    "tb, terabyte",
    "mb, megabyte",
    "kg, kilogram",
    "cm, centimetre, centimeter",
    "mm, millimetre, millimeter",
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of other scripts count as letters: the index knows better. */
static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (uint8_t)c >= 0x80;
}

static bool is_one_of(const aurora__elastic_word *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == word->length && strncasecmp(list[i], word->text, word->length) == 0)
            return true;
    }
    return false;
}

uint32_t aurora__elastic_words(const char *text, aurora__elastic_word words[], uint32_t capacity)
{
    uint32_t count = 0;
    while (*text != '\0' && count < capacity) {
        while (is_blank(*text))
            text++;
        aurora__elastic_word word = {.text = text};
        bool is_word = false;
        for (; *text != '\0' && !is_blank(*text); text++) {
            word.has_digit |= is_digit(*text);
            is_word |= is_digit(*text) || is_letter(*text);
        }
        word.length = (size_t)(text - word.text);
        word.is_stop = is_one_of(&word, stop_words, sizeof stop_words / sizeof *stop_words);
        if (is_word)
            words[count++] = word;
    }
    return count;
}

/* The forms that the plural takes, taken off: cases, batteries, boxes. */
bool aurora__elastic_is_accessory(const aurora__elastic_word *given)
{
    const size_t count = sizeof accessories / sizeof *accessories;
    aurora__elastic_word word = *given;
    while (word.length > 0 && !is_letter(word.text[word.length - 1]))
        word.length--;
    if (is_one_of(&word, accessories, count))
        return true;
    if (word.length < 4 || (word.text[word.length - 1] | 0x20) != 's')
        return false;
    if (word.length == 9 && strncasecmp(word.text, "batteries", 9) == 0)
        return true;
    word.length--;
    return is_one_of(&word, accessories, count);
}

bool aurora__elastic_is_for(const aurora__elastic_word *word)
{
    return word->length == 3 && strncasecmp(word->text, "for", 3) == 0;
}

const char *aurora__elastic_stop_word(size_t i)
{
    return i < sizeof stop_words / sizeof *stop_words ? stop_words[i] : NULL;
}

const char *aurora__elastic_synonyms(size_t i)
{
    return i < sizeof synonyms / sizeof *synonyms ? synonyms[i] : NULL;
}
