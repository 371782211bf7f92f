/* SPDX-License-Identifier: MIT */
#include "object.h"

void *aurora__memory_object_new(aurora__memory_changes *changes, size_t size)
{
    aurora__memory_object *object = changes->allocator->allocate(changes->allocator->self, size);
    if (object == NULL)
        return NULL;
    *object =
        (aurora__memory_object){.next = changes->fresh, .writer = changes->writer, .size = size};
    if (changes->fresh != NULL)
        changes->fresh->previous = object;
    changes->fresh = object;
    changes->bytes += (int64_t)size;
    return object;
}

void aurora__memory_object_retire(aurora__memory_changes *changes, aurora__memory_object *object)
{
    if (object->writer != changes->writer) {
        object->next = changes->retired;
        changes->retired = object;
        return;
    }
    if (object->previous != NULL)
        object->previous->next = object->next;
    else
        changes->fresh = object->next;
    if (object->next != NULL)
        object->next->previous = object->previous;
    changes->bytes -= (int64_t)object->size;
    changes->allocator->release(changes->allocator->self, object);
}

int64_t aurora__memory_objects_free(const aurora_allocator *allocator, aurora__memory_object *list)
{
    int64_t bytes = 0;
    while (list != NULL) {
        aurora__memory_object *next = list->next;
        bytes += (int64_t)list->size;
        allocator->release(allocator->self, list);
        list = next;
    }
    return bytes;
}
