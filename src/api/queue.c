/* SPDX-License-Identifier: MIT */
/* A ring of completions under a lock of its own. The driver fills it order by order, and wakes
 * takers once a turn; takers wait on an eventfd, so that a signal handler can wake them too. */
#include <aurora/queue.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "api/order_place.h"

#define CAPACITY_MAX 65536
#define CHUNK 128
#define POLL_MS 50
#define BUSY_MS 5

struct aurora_queue {
    aurora__flush flush; /* first: the engine hands these back */
    aurora__closer closer;
    aurora_allocator allocator;
    aurora_t *shop; /* while is_closed is false */
    pid_t pid;
    bool has_worker;
    int fd;      /* readable while completions wait */
    int wake_fd; /* counts `wakes` */
    atomic_uint wakes;
    uint32_t capacity;
    pthread_mutex_t lock;
    /* Guarded by the lock. */
    uint32_t
        references; /* the host's, the closer's, one per request in flight, one while flushing */
    uint32_t used;  /* submitted and not yet taken */
    uint32_t first;
    uint32_t count; /* in the ring */
    bool is_signalled;
    bool is_closed; /* the handle is */
    bool is_freed;
    aurora_completion *ring;
};

/* --- life ------------------------------------------------------------------------------------- */

static void destroy(aurora_queue *queue)
{
    aurora_allocator allocator = queue->allocator;
    if (queue->fd >= 0)
        close(queue->fd);
    if (queue->wake_fd >= 0)
        close(queue->wake_fd);
    pthread_mutex_destroy(&queue->lock);
    allocator.release(allocator.self, queue->ring);
    allocator.release(allocator.self, queue);
}

/* Unlocks and gives up references. */
static void unlock_and_release(aurora_queue *queue, uint32_t references)
{
    queue->references -= references;
    bool is_last = queue->references == 0;
    pthread_mutex_unlock(&queue->lock);
    if (is_last)
        destroy(queue);
}

static void signal_locked(aurora_queue *queue)
{
    if (queue->is_freed || queue->is_signalled || queue->count == 0)
        return;
    uint64_t one = 1;
    queue->is_signalled = write(queue->fd, &one, sizeof one) == sizeof one;
}

static void run_flush(aurora__flush *flush)
{
    aurora_queue *queue = (aurora_queue *)flush;
    pthread_mutex_lock(&queue->lock);
    signal_locked(queue);
    unlock_and_release(queue, 1);
}

static aurora_queue *queue_of(aurora__closer *closer)
{
    return (aurora_queue *)(void *)((char *)closer - offsetof(aurora_queue, closer));
}

/* Takers learn of it at once; what is in the ring is still theirs. */
static void on_closed(aurora__closer *closer)
{
    aurora_queue *queue = queue_of(closer);
    uint64_t one = 1;
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    if (!queue->is_signalled)
        queue->is_signalled = write(queue->fd, &one, sizeof one) == sizeof one;
    unlock_and_release(queue, 1);
}

static aurora_status init(aurora_queue *queue, aurora_t *shop, uint32_t capacity)
{
    size_t bytes = capacity * sizeof *queue->ring;
    *queue = (aurora_queue){.flush = {.run = run_flush},
                            .closer = {.closed = on_closed},
                            .allocator = shop->allocator,
                            .shop = shop,
                            .pid = shop->pid,
                            .has_worker = (shop->flags & AURORA_OPEN_WORKER) != 0,
                            .capacity = capacity,
                            .references = 2};
    queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    queue->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    pthread_mutex_init(&queue->lock, NULL);
    queue->ring = queue->allocator.allocate(queue->allocator.self, bytes);
    if (queue->ring == NULL)
        return AURORA_ENOMEM;
    return queue->fd < 0 || queue->wake_fd < 0 ? AURORA_EIO : AURORA_OK;
}

static aurora_status new_queue(aurora_t *shop, uint32_t capacity, aurora_queue **out)
{
    if (capacity < 1 || capacity > CAPACITY_MAX)
        return AURORA_EINVAL;
    if ((shop->flags & AURORA_OPEN_READONLY) != 0)
        return AURORA_EREADONLY;
    aurora_queue *queue = shop->allocator.allocate(shop->allocator.self, sizeof *queue);
    if (queue == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = init(queue, shop, capacity);
    if (rc != AURORA_OK) {
        destroy(queue);
        return rc;
    }
    aurora__engine_closer_add(shop->engine, &queue->closer);
    *out = queue;
    return AURORA_OK;
}

aurora_status aurora_queue_new(aurora_t *shop, uint32_t capacity, aurora_queue **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = new_queue(shop, capacity, out);
    aurora__handle_leave(shop);
    return rc;
}

static void drop_completions(aurora_queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++)
        aurora_order_free(queue->ring[(queue->first + i) % queue->capacity].order);
    queue->count = 0;
}

void aurora_queue_free(aurora_queue *queue)
{
    if (queue == NULL)
        return;
    if (getpid() != queue->pid) {
        drop_completions(queue);
        destroy(queue);
        return;
    }
    pthread_mutex_lock(&queue->lock);
    uint32_t references = 1;
    /* The engine cannot go away before it has told us, which needs the lock. */
    if (!queue->is_closed && aurora__engine_closer_remove(queue->shop->engine, &queue->closer))
        references++;
    queue->is_freed = true;
    drop_completions(queue);
    unlock_and_release(queue, references);
}

/* --- completions ------------------------------------------------------------------------------ */

static void push_locked(aurora_queue *queue, const aurora_completion *completion)
{
    if (queue->is_freed) {
        aurora_order_free(completion->order);
        return;
    }
    queue->ring[(queue->first + queue->count) % queue->capacity] = *completion;
    queue->count++;
}

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
    pthread_mutex_lock(&queue->lock);
    push_locked(queue, &completion);
    if (!is_in_turn) {
        signal_locked(queue);
    } else if (!queue->flush.is_due) {
        queue->references++;
        aurora__engine_flush_later(command->head.engine, &queue->flush);
    }
    unlock_and_release(queue, 1);
}

/* --- submitting ------------------------------------------------------------------------------- */

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
    if (rc != AURORA_OK) {
        to->refused_places[to->refused_count] = place;
        to->refused[to->refused_count++] =
            (aurora_completion){.tag = tag, .status = rc, .error_line = draft.error_line};
        return;
    }
    command->tag = tag;
    command->owner = queue;
    command->wants_order = (draft.request.flags & AURORA_ORDER_WITH_RESULT) != 0;
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
        push_locked(queue, &from->refused[count++]);
    signal_locked(queue);
    unlock_and_release(queue, count);
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

/* Enters the handle and books room for at most `count` requests. */
static aurora_status enter(aurora_queue *queue, uint32_t count, uint32_t *room_out)
{
    *room_out = 0;
    if (getpid() != queue->pid)
        return AURORA_EFORK;
    pthread_mutex_lock(&queue->lock);
    aurora_status rc = queue->is_closed ? AURORA_ECLOSED : aurora__handle_enter(queue->shop);
    if (rc == AURORA_OK) {
        uint32_t room = queue->capacity - queue->used;
        *room_out = count < room ? count : room;
        queue->used += *room_out;
        queue->references += *room_out;
    }
    pthread_mutex_unlock(&queue->lock);
    return rc;
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
    aurora_status rc = enter(queue, count, &room);
    if (rc != AURORA_OK)
        return rc;
    if (room > 0)
        rc = submit_all(queue, requests, tags, room, accepted_out);
    else if (count > 0)
        rc = AURORA_EBUSY;
    aurora__handle_leave(queue->shop);
    uint32_t unused = room - *accepted_out;
    if (unused > 0) {
        pthread_mutex_lock(&queue->lock);
        queue->used -= unused;
        unlock_and_release(queue, unused);
    }
    return rc;
}

/* --- taking ----------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drain(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/* What is there; AURORA_ECLOSED when nothing can come any more. */
static aurora_status take_some(aurora_queue *queue, aurora_completion *out, uint32_t capacity,
                               uint32_t *count_out)
{
    pthread_mutex_lock(&queue->lock);
    uint32_t count = queue->count < capacity ? queue->count : capacity;
    uint32_t whole = queue->capacity - queue->first;
    uint32_t head = count < whole ? count : whole;
    memcpy(out, queue->ring + queue->first, head * sizeof *out);
    memcpy(out + head, queue->ring, (count - head) * sizeof *out);
    queue->first = (queue->first + count) % queue->capacity;
    queue->count -= count;
    queue->used -= count;
    bool is_over = queue->is_closed && queue->used == 0;
    /* Once the handle is closed the descriptor stays readable: there is an end to be told. */
    if (queue->count == 0 && queue->is_signalled && !queue->is_closed) {
        drain(queue->fd);
        queue->is_signalled = false;
    }
    pthread_mutex_unlock(&queue->lock);
    *count_out = count;
    return count == 0 && is_over ? AURORA_ECLOSED : AURORA_OK;
}

/* Whether a wake was for us. The write comes before the count, so that the read finds it. */
static bool take_wake(aurora_queue *queue)
{
    unsigned wakes = atomic_load(&queue->wakes);
    while (wakes > 0) {
        if (atomic_compare_exchange_weak(&queue->wakes, &wakes, wakes - 1)) {
            drain(queue->wake_fd);
            return true;
        }
    }
    return false;
}

static void wait_for(const aurora_queue *queue, int engine_fd, int64_t ms)
{
    struct pollfd fds[3] = {{.fd = queue->fd, .events = POLLIN},
                            {.fd = queue->wake_fd, .events = POLLIN},
                            {.fd = engine_fd, .events = POLLIN}};
    poll(fds, engine_fd >= 0 ? 3 : 2, ms < 0 || ms > INT32_MAX ? -1 : (int)ms);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Without a worker: runs what is due, or waits a little until something is. */
static aurora_status pump(aurora_queue *queue, int64_t left_ms)
{
    uint32_t room;
    int64_t due_ms = -1;
    aurora_status rc = enter(queue, 0, &room);
    if (rc != AURORA_OK) {
        if (rc == AURORA_ECLOSED)
            wait_for(queue, -1, least(left_ms, BUSY_MS));
        return rc == AURORA_ECLOSED ? AURORA_OK : rc;
    }
    rc = aurora__engine_pump(queue->shop->engine, 0, &due_ms);
    if (rc == AURORA_OK && due_ms != 0)
        wait_for(queue, aurora__engine_fd(queue->shop->engine),
                 least(left_ms, least(due_ms, POLL_MS)));
    else if (rc == AURORA_EBUSY || rc == AURORA_ECLOSED)
        wait_for(queue, -1, least(left_ms, BUSY_MS));
    aurora__handle_leave(queue->shop);
    return rc == AURORA_EBUSY || rc == AURORA_ECLOSED ? AURORA_OK : rc;
}

static aurora_status take(aurora_queue *queue, aurora_completion *out, uint32_t capacity,
                          int32_t timeout_ms, uint32_t *count_out)
{
    int64_t end_ms = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
    for (bool is_first = true;; is_first = false) {
        if (take_wake(queue))
            return AURORA_EINTR;
        aurora_status rc = take_some(queue, out, capacity, count_out);
        if (rc != AURORA_OK || *count_out > 0)
            return rc;
        int64_t left_ms = timeout_ms > 0 ? end_ms - now_ms() : timeout_ms;
        bool is_over = timeout_ms >= 0 && left_ms <= 0;
        if (is_over && (queue->has_worker || !is_first))
            return AURORA_OK;
        left_ms = is_over ? 0 : left_ms;
        if (queue->has_worker)
            wait_for(queue, -1, left_ms);
        else
            rc = pump(queue, left_ms);
        if (rc != AURORA_OK)
            return rc;
    }
}

aurora_status aurora_queue_take(aurora_queue *queue, aurora_completion *out, uint32_t capacity,
                                int32_t timeout_ms, uint32_t *count_out)
{
    if (count_out == NULL)
        return AURORA_EINVAL;
    *count_out = 0;
    if (queue == NULL || out == NULL || capacity < 1 || capacity > CAPACITY_MAX || timeout_ms < -1)
        return AURORA_EINVAL;
    if (getpid() != queue->pid)
        return AURORA_EFORK;
    return take(queue, out, capacity, timeout_ms, count_out);
}

int aurora_queue_fd(const aurora_queue *queue)
{
    return queue == NULL ? -1 : queue->fd;
}

void aurora_queue_wake(aurora_queue *queue)
{
    uint64_t one = 1;
    if (queue == NULL || write(queue->wake_fd, &one, sizeof one) != sizeof one)
        return;
    atomic_fetch_add(&queue->wakes, 1);
}
