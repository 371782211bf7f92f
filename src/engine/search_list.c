/* SPDX-License-Identifier: MIT */
/* The changes of products that wait to be applied to the index, in the order of the log. */
#include "engine/search_state.h"

#include "codec/product_result.h"
#include "codec/result.h"

#include <aurora/event.h>

#include <string.h>
#include <time.h>

int64_t aurora__search_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void aurora__search_free_items(aurora__search *self, aurora__search_item *item)
{
    const aurora_allocator *allocator = self->head.engine->options.allocator;
    while (item != NULL) {
        aurora__search_item *next = item->next;
        aurora__result_free(item->product);
        allocator->release(allocator->self, item);
        item = next;
    }
}

void aurora__search_start_at(aurora__search *self, int64_t position, bool is_rebuilding)
{
    pthread_mutex_lock(&self->lock);
    aurora__search_item *old = self->first;
    self->first = self->last = NULL;
    self->count = 0;
    self->fed = self->applied = position;
    self->stream++;
    self->is_lost = false;
    self->is_rebuilding |= is_rebuilding;
    self->head.position = position;
    self->head.is_paused = false;
    pthread_mutex_unlock(&self->lock);
    aurora__search_free_items(self, old);
}

static aurora__search_item *new_item(aurora__search *self, const aurora__event *event,
                                     int64_t position)
{
    const aurora_allocator *allocator = self->head.engine->options.allocator;
    aurora__product_row gone = {.sku = event->sku, .currency = ""};
    bool is_deleted = event->kind == AURORA_EVENT_PRODUCT_DELETED;
    aurora__search_item *item = allocator->allocate(allocator->self, sizeof *item);
    if (item == NULL)
        return NULL;
    *item = (aurora__search_item){.position = position,
                                  .at_ns = aurora__search_clock_ns(),
                                  .version = (uint64_t)event->product_version,
                                  .is_deleted = is_deleted};
    if (aurora__result_build(allocator, 1024, aurora__product_fill,
                             is_deleted ? &gone : event->product,
                             (void **)&item->product) == AURORA_OK)
        return item;
    allocator->release(allocator->self, item);
    return NULL;
}

/* A resend tells a fact again, and its version says whether it is new here. */
aurora_status aurora__search_feed(aurora__follower *follower, const aurora__event *event,
                                  int64_t position)
{
    aurora__search *self = (aurora__search *)follower;
    pthread_mutex_lock(&self->lock);
    bool is_lost = self->is_lost;
    bool is_full = self->count >= AURORA__SEARCH_CHANGES_MAX;
    pthread_mutex_unlock(&self->lock);
    if (is_lost)
        return AURORA_OK;
    if (is_full) {
        follower->is_paused = true;
        return AURORA_EBUSY;
    }
    aurora__search_item *item = new_item(self, event, position);
    if (item == NULL)
        return AURORA_ENOMEM;
    pthread_mutex_lock(&self->lock);
    if (self->last == NULL)
        self->first = item;
    else
        self->last->next = item;
    self->last = item;
    self->count++;
    self->fed = position;
    pthread_mutex_unlock(&self->lock);
    return AURORA_OK;
}

bool aurora__search_take(aurora__search *self, uint32_t limit, aurora__search_portion *out)
{
    *out = (aurora__search_portion){
        .stream = self->stream, .from = self->applied, .to = self->applied};
    if (self->is_busy || self->is_lost || self->fed <= self->applied)
        return false;
    out->first = self->first;
    while (self->first != NULL && out->count < limit) {
        out->last = self->first;
        self->first = self->first->next;
        out->count++;
    }
    if (out->last != NULL) {
        out->last->next = NULL;
        out->to = out->last->position;
    }
    if (self->first == NULL) {
        self->last = NULL;
        out->to = self->fed;
    }
    self->count -= out->count;
    self->is_busy = true;
    return true;
}

void aurora__search_put_back(aurora__search *self, aurora__search_portion *from)
{
    if (from->stream != self->stream || from->last == NULL)
        return;
    from->last->next = self->first;
    if (self->first == NULL)
        self->last = from->last;
    self->first = from->first;
    self->count += from->count;
    from->first = NULL;
}
