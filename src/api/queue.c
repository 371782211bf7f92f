/* SPDX-License-Identifier: MIT */
/* A ring of completions under a lock of its own. The driver fills it order by order, and wakes
 * takers once a turn; takers wait on an eventfd, so that a signal handler can wake them too. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "api/queue.h"

#define CAPACITY_MAX 65536
#define POLL_MS 50
#define BUSY_MS 5

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

void aurora__queue_unlock(aurora_queue *queue, uint32_t references)
{
    queue->references -= references;
    bool is_last = queue->references == 0;
    pthread_mutex_unlock(&queue->lock);
    if (is_last)
        destroy(queue);
}

void aurora__queue_signal(aurora_queue *queue)
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
    aurora__queue_signal(queue);
    aurora__queue_unlock(queue, 1);
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
    aurora__queue_unlock(queue, 1);
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
    aurora__queue_unlock(queue, references);
}

/* --- completions ------------------------------------------------------------------------------ */

void aurora__queue_push(aurora_queue *queue, const aurora_completion *completion)
{
    if (queue->is_freed) {
        aurora_order_free(completion->order);
        return;
    }
    queue->ring[(queue->first + queue->count) % queue->capacity] = *completion;
    queue->count++;
}

void aurora__queue_complete(aurora_queue *queue, const aurora_completion *completion,
                            aurora__engine *engine, bool is_in_turn)
{
    pthread_mutex_lock(&queue->lock);
    aurora__queue_push(queue, completion);
    if (!is_in_turn) {
        aurora__queue_signal(queue);
    } else if (!queue->flush.is_due) {
        queue->references++;
        aurora__engine_flush_later(engine, &queue->flush);
    }
    aurora__queue_unlock(queue, 1);
}

/* --- entering --------------------------------------------------------------------------------- */

aurora_status aurora__queue_enter(aurora_queue *queue, uint32_t count, uint32_t *room_out)
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

void aurora__queue_unbook(aurora_queue *queue, uint32_t count)
{
    pthread_mutex_lock(&queue->lock);
    queue->used -= count;
    aurora__queue_unlock(queue, count);
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

/* A broken handle is entered too: what it accepted before it broke has to be answered. */
static aurora_status enter_to_drive(aurora_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    aurora_status rc =
        queue->is_closed ? AURORA_ECLOSED : aurora__engine_enter(queue->shop->engine);
    pthread_mutex_unlock(&queue->lock);
    return rc;
}

/* Without a worker: runs what is due, or waits a little until something is. */
static aurora_status pump(aurora_queue *queue, int64_t left_ms)
{
    int64_t due_ms = -1;
    aurora_status rc = enter_to_drive(queue);
    if (rc != AURORA_OK) {
        if (rc == AURORA_ECLOSED)
            wait_for(queue, -1, least(left_ms, BUSY_MS));
        return rc == AURORA_ECLOSED ? AURORA_OK : rc;
    }
    rc = aurora__engine_pump(queue->shop->engine, 0, &due_ms);
    if (rc == AURORA_OK && aurora__engine_health(queue->shop->engine) == AURORA_ECORE)
        rc = AURORA_ECORE;
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
        if (rc == AURORA_ECORE && take_some(queue, out, capacity, count_out) == AURORA_OK &&
            *count_out > 0)
            return AURORA_OK;
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
