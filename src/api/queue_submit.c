/* SPDX-License-Identifier: MIT */
/* The way into a queue: requests become commands, a chunk at a time, and each answers into the
 * ring. */
#include "api/queue.h"

#define CHUNK 128

static void answer(aurora__place_command *command, aurora_status status, bool is_in_turn)
{
    aurora_queue *queue = command->owner;
    aurora_completion completion = {
        .tag = command->tag, .status = status, .error_line = command->error_line};
    if (status == AURORA_OK) {
        completion.order_status = command->order_status;
        completion.reason = command->reason;
        completion.total_minor = command->total_minor;
        completion.version = command->version;
        completion.is_replay = command->is_replay;
        completion.order = atomic_exchange(&command->order, NULL);
    }
    if (status == AURORA_OK || status == AURORA_ETAKEN)
        completion.id = command->id;
    aurora__queue_complete(queue, &completion, command->head.engine, is_in_turn);
}

/* Some requests on their way: those that are refused here, and commands for the others. */
typedef struct {
    aurora__command *commands[CHUNK];
    uint32_t places[CHUNK]; /* of the commands */
    uint32_t count;
    aurora_completion refused[CHUNK];
    uint32_t refused_places[CHUNK];
    uint32_t refused_count;
} chunk;

static void prepare(aurora_queue *queue, const aurora_order_request *request, uint64_t tag,
                    const aurora_id *id, chunk *to, uint32_t place)
{
    aurora__order_draft draft;
    aurora__place_command *command = NULL;
    aurora_status rc = aurora__order_draft_check(
        request, aurora__engine_wall_ms(queue->shop->engine), &draft, NULL);
    if (rc == AURORA_OK) {
        command = aurora__place_command_new(queue->shop, &draft, id);
        rc = command == NULL ? AURORA_ENOMEM : AURORA_OK;
    }
    if (rc == AURORA_OK && (draft.request.flags & AURORA_ORDER_WITH_RESULT) != 0)
        rc = aurora__place_command_want_order(command, &draft);
    if (rc != AURORA_OK) {
        if (command != NULL)
            aurora__command_release(&command->head);
        to->refused_places[to->refused_count] = place;
        to->refused[to->refused_count++] =
            (aurora_completion){.tag = tag, .status = rc, .error_line = draft.error_line};
        return;
    }
    command->tag = tag;
    command->owner = queue;
    to->places[to->count] = place;
    to->commands[to->count++] = &command->head;
}

/* Hands one chunk over and says how many of its requests were accepted. */
static aurora_status submit_chunk(aurora_queue *queue, chunk *from, uint32_t size,
                                  uint32_t *accepted_out)
{
    uint32_t taken = 0;
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < from->count; i++) {
        ((aurora__place_command *)from->commands[i])->answer = answer;
        /* The engine's reference is the only one: nobody here waits. */
        from->commands[i]->references = 0;
    }
    if (from->count > 0)
        rc = aurora__engine_submit_many(queue->shop->engine, from->commands, from->count, &taken);
    *accepted_out = taken == from->count ? size : from->places[taken];
    for (uint32_t i = taken; i < from->count; i++) {
        ((aurora__place_command *)from->commands[i])->answer = NULL;
        from->commands[i]->references = 1;
        aurora__command_release(from->commands[i]);
    }
    return rc;
}

static void refuse_some(aurora_queue *queue, const chunk *from, uint32_t accepted)
{
    uint32_t count = 0;
    pthread_mutex_lock(&queue->lock);
    while (count < from->refused_count && from->refused_places[count] < accepted)
        aurora__queue_push(queue, &from->refused[count++]);
    aurora__queue_signal(queue);
    aurora__queue_unlock(queue, count);
}

static aurora_status submit_all(aurora_queue *queue, const aurora_order_request *const *requests,
                                const uint64_t *tags, uint32_t count, uint32_t *accepted_out)
{
    aurora_status rc = AURORA_OK;
    uint32_t done = 0;
    uint32_t accepted = 0, size = 0;
    chunk some;
    while (done < count && accepted == size && rc == AURORA_OK) {
        aurora_id ids[CHUNK];
        size = count - done < CHUNK ? count - done : CHUNK;
        some.count = 0;
        some.refused_count = 0;
        aurora__engine_next_ids(queue->shop->engine, ids, size);
        for (uint32_t i = 0; i < size; i++)
            prepare(queue, requests[done + i], tags != NULL ? tags[done + i] : 0, &ids[i], &some,
                    i);
        rc = submit_chunk(queue, &some, size, &accepted);
        if (some.refused_count > 0)
            refuse_some(queue, &some, accepted);
        done += accepted;
    }
    *accepted_out = done;
    return done > 0 ? AURORA_OK : rc;
}

aurora_status aurora_order_submit(aurora_queue *queue, const aurora_order_request *const *requests,
                                  const uint64_t *tags, uint32_t count, uint32_t *accepted_out)
{
    uint32_t room;
    if (accepted_out == NULL)
        return AURORA_EINVAL;
    *accepted_out = 0;
    if (queue == NULL || (requests == NULL && count > 0))
        return AURORA_EINVAL;
    aurora_status rc = aurora__queue_enter(queue, count, &room);
    if (rc != AURORA_OK)
        return rc;
    if (room > 0 && requests != NULL)
        rc = submit_all(queue, requests, tags, room, accepted_out);
    else if (count > 0)
        rc = AURORA_EBUSY;
    aurora__handle_leave(queue->shop);
    uint32_t unused = room - *accepted_out;
    if (unused > 0)
        aurora__queue_unbook(queue, unused);
    return rc;
}
