/* SPDX-License-Identifier: MIT */
#include "catalogue.h"

/* In the order in which a visitor would walk through the shop. */
static const ctl_catalogue_section *const sections[] = {
    &ctl_catalogue_kitchen, &ctl_catalogue_home,  &ctl_catalogue_light,  &ctl_catalogue_desk,
    &ctl_catalogue_books,   &ctl_catalogue_audio, &ctl_catalogue_garden, &ctl_catalogue_outdoors,
    &ctl_catalogue_games,   &ctl_catalogue_kids,
};

#define SECTION_COUNT (sizeof sections / sizeof *sections)

uint32_t ctl_catalogue_count(void)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        count += sections[i]->count;
    return count;
}

const ctl_catalogue_item *ctl_catalogue_item_at(uint32_t number,
                                                const ctl_catalogue_section **section_out)
{
    size_t i = 0;
    while (number >= sections[i]->count)
        number -= sections[i++]->count;
    *section_out = sections[i];
    return &sections[i]->items[number];
}
