/* SPDX-License-Identifier: MIT */
/* The provider: books by key, the same answer to the same key, and an authorization that it may
 * decline. A key that is void before it was ever seen stays void. */
#include "explore/provider.h"

#include <aurora/task.h>

enum { DONE = 0, DECLINED = 1, NOT_FOUND = 2 };

static uint8_t authorize(uint8_t *books, bool is_query, bool is_declined)
{
    if ((*books & (AURORA__BOOK_VOID | AURORA__BOOK_REFUSED)) != 0)
        return DECLINED;
    if ((*books & AURORA__BOOK_AUTHORIZED) != 0)
        return DONE;
    if (is_query)
        return NOT_FOUND;
    *books |= is_declined ? AURORA__BOOK_REFUSED : AURORA__BOOK_AUTHORIZED;
    return is_declined ? DECLINED : DONE;
}

static uint8_t capture(uint8_t *books, bool is_query, bool is_other_key)
{
    bool is_open = (*books & AURORA__BOOK_AUTHORIZED) != 0 && (*books & AURORA__BOOK_VOID) == 0;
    if ((*books & AURORA__BOOK_CAPTURED) != 0) {
        if (is_other_key)
            *books |= AURORA__BOOK_TWICE;
        return DONE;
    }
    if (is_query)
        return NOT_FOUND;
    if (!is_open)
        return DECLINED;
    *books |= AURORA__BOOK_CAPTURED;
    return DONE;
}

static uint8_t void_key(uint8_t *books, bool is_query)
{
    if ((*books & AURORA__BOOK_CAPTURED) != 0)
        return DECLINED;
    if ((*books & AURORA__BOOK_VOID) == 0 && is_query)
        return NOT_FOUND;
    *books |= AURORA__BOOK_VOID;
    return DONE;
}

static uint8_t refund(uint8_t *books, bool is_query, bool is_lost)
{
    if ((*books & AURORA__BOOK_REFUNDED) != 0 || is_lost)
        return DONE;
    if (is_query)
        return NOT_FOUND;
    if ((*books & AURORA__BOOK_CAPTURED) == 0)
        return DECLINED;
    *books |= AURORA__BOOK_REFUNDED;
    return DONE;
}

uint8_t aurora__explore_call(uint8_t *books, uint32_t verb, bool is_query, bool is_declined,
                             uint32_t plant)
{
    bool is_other_key = is_query && plant == AURORA__EXPLORE_NO_QUERY;
    is_query = is_query && !is_other_key;
    switch (verb) {
    case AURORA_VERB_AUTHORIZE:
        return authorize(books, is_query, is_declined);
    case AURORA_VERB_CAPTURE:
        return capture(books, is_query, is_other_key);
    case AURORA_VERB_VOID:
        return void_key(books, is_query);
    default:
        return refund(books, is_query, plant == AURORA__EXPLORE_LOSE_REFUND);
    }
}

bool aurora__explore_can_decline(uint8_t books, uint32_t verb, bool is_query)
{
    return verb == AURORA_VERB_AUTHORIZE && !is_query &&
           (books & (AURORA__BOOK_VOID | AURORA__BOOK_REFUSED | AURORA__BOOK_AUTHORIZED)) == 0;
}
