/* SPDX-License-Identifier: MIT */
/* The demo catalogue of auroractl seed: a small shop of our own invention, as tables. A category is
 * a file; a product is a row. Pictures are drawn from the row by catalogue_picture.c. */
#ifndef AURORACTL_CATALOGUE_H
#define AURORACTL_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#define CTL_CATALOGUE_CURRENCY "EUR"

/* What a product's picture shows. */
typedef enum {
    PICTURE_BAG,
    PICTURE_BEAR,
    PICTURE_BLOCKS,
    PICTURE_BOARD,
    PICTURE_BOOK,
    PICTURE_BOTTLE,
    PICTURE_BOX,
    PICTURE_CAN,
    PICTURE_CANDLE,
    PICTURE_CHAIR,
    PICTURE_CLOCK,
    PICTURE_CLOTH,
    PICTURE_COMPASS,
    PICTURE_CUP,
    PICTURE_DICE,
    PICTURE_DISC,
    PICTURE_KITE,
    PICTURE_KNIFE,
    PICTURE_LAMP,
    PICTURE_PAN,
    PICTURE_PAPER,
    PICTURE_PEN,
    PICTURE_PHONES,
    PICTURE_PLANT,
    PICTURE_POT,
    PICTURE_SPEAKER,
    PICTURE_TENT,
    PICTURE_TROWEL,
    PICTURE_VASE,
    PICTURE_COUNT
} ctl_picture;

typedef struct {
    const char *sku;
    const char *name;
    const char *brand;
    int32_t price_minor;
    int32_t stock;
    ctl_picture picture;
    const char *description;
    const char *attributes; /* "material=oak; length=30 cm" */
} ctl_catalogue_item;

typedef struct {
    const char *name;
    uint32_t hue; /* of its pictures, 0..359 */
    uint32_t count;
    const ctl_catalogue_item *items;
} ctl_catalogue_section;

extern const ctl_catalogue_section ctl_catalogue_kitchen;
extern const ctl_catalogue_section ctl_catalogue_home;
extern const ctl_catalogue_section ctl_catalogue_light;
extern const ctl_catalogue_section ctl_catalogue_desk;
extern const ctl_catalogue_section ctl_catalogue_books;
extern const ctl_catalogue_section ctl_catalogue_audio;
extern const ctl_catalogue_section ctl_catalogue_garden;
extern const ctl_catalogue_section ctl_catalogue_outdoors;
extern const ctl_catalogue_section ctl_catalogue_games;
extern const ctl_catalogue_section ctl_catalogue_kids;

/* How many products all sections have, and the one with that number (0..count - 1). */
uint32_t ctl_catalogue_count(void);
const ctl_catalogue_item *ctl_catalogue_item_at(uint32_t number,
                                                const ctl_catalogue_section **section_out);

/* A product's picture as a data: address, at most CTL_PICTURE_BYTES with its NUL, in the caller's
 * buffer, which is returned. The same row gives the same bytes. */
#define CTL_PICTURE_BYTES 2048
const char *ctl_catalogue_picture(const ctl_catalogue_item *item,
                                  const ctl_catalogue_section *section,
                                  char out[CTL_PICTURE_BYTES]);

#endif
