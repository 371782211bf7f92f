/* SPDX-License-Identifier: MIT */
/* How answers appear: with --json as they came, else as tables that a list of columns describes. */
#ifndef AURORACTL_VIEW_H
#define AURORACTL_VIEW_H

#include "fields.h"
#include "page.h"
#include "shop.h"
#include "table_out.h"

/* What a member is shown as. Nothing shows as "-". */
typedef enum {
    SHOW_TEXT,
    SHOW_NUMBER,
    SHOW_SECONDS, /* of milliseconds */
    SHOW_MONEY,   /* minor units of the member "currency" */
    SHOW_TIME,
    SHOW_CUSTOM
} ctl_show;

typedef struct {
    const char *heading; /* '>' first: to the right */
    const char *field;
    ctl_show show;
    const char *(*custom)(aurora_json_value item, ctl_cell out); /* SHOW_CUSTOM */
} ctl_column;

typedef struct {
    const ctl_column *columns;
    uint32_t count;
    const char *nothing; /* in place of an empty table */
} ctl_view;

#define CTL_VIEW(columns, nothing)                                                                 \
    {                                                                                              \
        (columns), sizeof(columns) / sizeof *(columns), (nothing)                                  \
    }

/* The elements of `array` as rows. */
void ctl_view_rows(const ctl_view *view, aurora_json_value array);
/* One object from top to bottom, without the members that are nothing; texts in full. */
void ctl_view_record(const ctl_view *view, aurora_json_value object);
/* The members of an object of texts, such as metadata, under each other. */
void ctl_view_pairs(aurora_json_value object);

/* Asks for a page, {"items":[...],"next_cursor":...}, and prints it. An exit status. */
int ctl_view_page(const ctl *run, const ctl_ask *ask, const ctl_view *view, const char *what);
/* Asks with AURORA_OPEN_... `flags` for one object, and has `print` show it to people. */
int ctl_view_one(const ctl *run, uint32_t flags, const ctl_ask *ask,
                 void (*print)(aurora_json_value object), const char *what);

/* Hands every item of all pages to `each`, as ctl_page_each does. An exit status. */
int ctl_view_all(ctl *run, const ctl_ask *ask, ctl_page *page,
                 void (*each)(void *run, aurora_json_value item), const char *what);
/* Prints an item as a line of JSON; for ctl_view_all. */
void ctl_print_line(void *run, aurora_json_value item);

/* Prints a finished JSON text and frees it. False without memory. */
bool ctl_print_json(aurora_json_out *out);

#endif
