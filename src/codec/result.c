/* SPDX-License-Identifier: MIT */
#include "codec/result.h"

#include <string.h>

/* Before each block: the result's own, and the spare ones of a first try. */
typedef struct block {
    aurora_allocator allocator;
    struct block *next;
} block;

_Static_assert(sizeof(block) % 8 == 0, "what follows a block's head is aligned to 8 bytes");

typedef struct {
    const aurora_allocator *allocator;
    block *spare;
    size_t bytes; /* in all blocks, without their heads */
    bool is_out_of_memory;
} builder;

static block *allocate(builder *build, size_t bytes)
{
    block *head = bytes > SIZE_MAX - sizeof *head
                      ? NULL
                      : build->allocator->allocate(build->allocator->self, sizeof *head + bytes);
    if (head == NULL) {
        build->is_out_of_memory = true;
        return NULL;
    }
    head->allocator = *build->allocator;
    head->next = NULL;
    build->bytes += bytes;
    return head;
}

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    builder *build = self;
    size_t wanted = bytes > build->bytes ? bytes : build->bytes;
    block *head = allocate(build, wanted);
    if (head == NULL)
        return NULL;
    head->next = build->spare;
    build->spare = head;
    *size_out = wanted;
    return head + 1;
}

static void release(block *head)
{
    aurora_allocator allocator = head->allocator;
    allocator.release(allocator.self, head);
}

static void release_spare(builder *build)
{
    while (build->spare != NULL) {
        block *next = build->spare->next;
        release(build->spare);
        build->spare = next;
    }
}

/* One try. *head_out is NULL when it failed or when spare blocks were needed; build->bytes then is
 * enough for the next one. */
static aurora_status try_build(builder *build, aurora__result_fill fill, const void *source,
                               block **head_out)
{
    size_t bytes = build->bytes;
    build->bytes = 0;
    *head_out = NULL;
    block *head = allocate(build, bytes);
    if (head == NULL)
        return AURORA_ENOMEM;
    char *start = (char *)(head + 1);
    aurora__arena arena = {.at = start, .end = start + bytes, .self = build, .grow = grow};
    aurora_status rc = fill(&arena, source);
    if (build->is_out_of_memory)
        rc = AURORA_ENOMEM;
    if (rc == AURORA_OK && build->spare == NULL)
        *head_out = head;
    else
        release(head);
    release_spare(build);
    return rc;
}

aurora_status aurora__result_build(const aurora_allocator *allocator, size_t guess,
                                   aurora__result_fill fill, const void *source, void **out)
{
    builder build = {.allocator = allocator, .bytes = (guess + 71) & ~(size_t)7};
    block *head;
    *out = NULL;
    aurora_status rc = try_build(&build, fill, source, &head);
    if (rc == AURORA_OK && head == NULL)
        rc = try_build(&build, fill, source, &head);
    if (rc != AURORA_OK)
        return rc;
    if (head == NULL)
        return AURORA_ECORE; /* fill took more the second time */
    *out = head + 1;
    return AURORA_OK;
}

void *aurora__result_reserve(const aurora_allocator *allocator, size_t bytes)
{
    builder build = {.allocator = allocator};
    block *head = allocate(&build, bytes);
    return head == NULL ? NULL : head + 1;
}

static void *refuse_to_grow(void *self, size_t bytes, size_t *size_out)
{
    (void)bytes;
    (void)size_out;
    *(bool *)self = true;
    return NULL;
}

aurora_status aurora__result_build_in(void *reserve, size_t bytes, aurora__result_fill fill,
                                      const void *source)
{
    bool is_too_small = false;
    char *start = reserve;
    aurora__arena arena = {
        .at = start, .end = start + bytes, .self = &is_too_small, .grow = refuse_to_grow};
    aurora_status rc = fill(&arena, source);
    return is_too_small ? AURORA_ENOMEM : rc;
}

void aurora__result_free(void *result)
{
    if (result != NULL)
        release((block *)result - 1);
}

size_t aurora__result_text_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 8;
}
