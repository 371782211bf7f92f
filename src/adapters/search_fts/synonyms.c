/* SPDX-License-Identifier: MIT */
/* Words that mean the same in any shop: two names of one thing, two spellings of one word, a unit
 * and its long form. No brands, no models, nothing that is only related. */
#include "adapters/search_fts/synonyms.h"

#include <stddef.h>
#include <string.h>

#define GROUP_MAX 4

static const char *const groups[][GROUP_MAX] = {
    {"laptop", "notebook"},
    {"tv", "television"},
    {"smartphone", "mobile phone", "cellphone", "cell phone"},
    {"headphone", "earphone", "earbud"},
    {"hdd", "hard drive", "hard disk"},
    {"ssd", "solid state"},
    {"pc", "computer"},
    {"monitor", "display"},
    {"ram", "memory"},
    {"usb stick", "flash drive", "memory stick"},
    {"wifi", "wlan", "wi fi"},
    {"wireless", "cordless"},
    {"mic", "microphone"},
    {"pic", "picture", "photo"},
    {"copier", "photocopier"},
    {"projector", "beamer"},
    {"loudspeaker", "speaker"},
    {"ups", "uninterruptible power"},
    {"power supply", "psu"},
    {"video card", "graphics card", "gpu"},
    {"cpu", "processor"},
    {"motherboard", "mainboard"},
    {"cord", "cable"},
    {"bag", "case"},
    {"backpack", "rucksack"},
    {"fridge", "refrigerator"},
    {"freezer", "deep freezer"},
    {"hoover", "vacuum cleaner"},
    {"stove", "cooker"},
    {"dishwasher", "dish washer"},
    {"hair dryer", "hairdryer", "blow dryer"},
    {"razor", "shaver"},
    {"sofa", "couch"},
    {"lamp", "light"},
    {"flashlight", "torch"},
    {"trouser", "pant"},
    {"sneaker", "trainer"},
    {"pullover", "sweater", "jumper"},
    {"tshirt", "t shirt"},
    {"diaper", "nappy"},
    {"pram", "stroller", "pushchair"},
    {"bicycle", "bike"},
    {"colour", "color"},
    {"grey", "gray"},
    {"jewellery", "jewelry"},
    {"tyre", "tire"},
    {"aluminium", "aluminum"},
    {"fibre", "fiber"},
    {"litre", "liter"},
    {"gb", "gigabyte"},
    {"tb", "terabyte"},
    {"mb", "megabyte"},
    {"kg", "kilogram"},
    {"cm", "centimetre", "centimeter"},
    {"mm", "millimetre", "millimeter"},
};

uint32_t aurora__fts_synonyms(const char *text, const char **out, uint32_t capacity)
{
    uint32_t count = 0;
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        uint32_t own = GROUP_MAX;
        for (uint32_t i = 0; i < GROUP_MAX && groups[g][i] != NULL; i++) {
            if (strcmp(groups[g][i], text) == 0)
                own = i;
        }
        if (own == GROUP_MAX)
            continue;
        for (uint32_t i = 0; i < GROUP_MAX && groups[g][i] != NULL && count < capacity; i++) {
            if (i != own)
                out[count++] = groups[g][i];
        }
    }
    return count;
}
