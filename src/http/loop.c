/* SPDX-License-Identifier: MIT */
#include "http/loop.h"

#include "http/crowd.h"
#include "http/gzip.h"

#include <aurora/handle.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64
#define SURPLUS_MAX 128     /* connections above the cap that are being told so */
#define SURPLUS_NEAR_MAX 16 /* the same of one client */
#define ACCEPT_PAUSE_NS INT64_C(100000000)
#define SWEEP_MS_MAX 250
#define SWEEP_MS_MIN 10

void aurora__loop_log(aurora_http_loop *loop, int32_t level, const char *message)
{
    const aurora_http_options *options = &loop->server->options;
    if (options->log != NULL)
        options->log(options->self, level, message);
}

const char *aurora__loop_date(aurora_http_loop *loop)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != loop->date_second) {
        static const char days[] = "SunMonTueWedThuFriSat";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        gmtime_r(&now.tv_sec, &parts);
        char format[] = "DDD, %d MMM %Y %H:%M:%S GMT"; /* names in English in every locale */
        memcpy(format, days + 3L * parts.tm_wday, 3);
        memcpy(format + 8, months + 3L * parts.tm_mon, 3);
        strftime(loop->date, sizeof(loop->date), format, &parts);
        loop->date_second = now.tv_sec;
    }
    return loop->date;
}

/* --- accepting -------------------------------------------------------------------------------- */

static const aurora_http_refusal full = {503, "overloaded", NULL,
                                         "Too many connections are open already."};
static const aurora_http_refusal crowded = {
    429, "too_many_connections", NULL, "Too many connections are open already from this address."};

/* Before its handshake a client cannot be told. */
static void refuse_surplus(aurora__connection *connection, const aurora_http_refusal *refusal)
{
    aurora__count(&connection->loop->counters.refused_connections, 1);
    if (connection->tls != NULL) {
        aurora__connection_tls_cut(connection, AURORA_TLS_SHED);
        return;
    }
    aurora__connection_refuse(connection, refusal);
    aurora__connection_turn(connection);
}

/* Makes room by closing what has been idle for longest. */
static bool make_room(aurora_http_loop *loop)
{
    for (int tries = 0; tries < 4; tries++) {
        aurora__connection *oldest = loop->phases[AURORA__IDLE].first;
        if (oldest == NULL && loop->phases[AURORA__HANDSHAKE].first != NULL) {
            aurora__connection_tls_cut(loop->phases[AURORA__HANDSHAKE].first, AURORA_TLS_SHED);
            return true;
        }
        if (oldest == NULL)
            return false;
        if (aurora__connection_close_idle(oldest))
            return true;
    }
    return false;
}

/* The same among the connections of one client. */
static bool make_room_near(const aurora__connection *connection)
{
    for (int tries = 0; tries < 4; tries++) {
        aurora__connection *oldest = aurora__crowd_idle(connection);
        if (oldest == NULL)
            return false;
        if (aurora__connection_close_idle(oldest))
            return true;
    }
    return false;
}

/* Whether its client may have one more; else it is told, or closed where too many are told. */
static bool is_welcome(aurora__connection *connection)
{
    aurora_http_server *server = connection->loop->server;
    uint32_t max = server->options.connections_per_address_max;
    uint32_t count = max == 0 ? 0 : aurora__crowd_join(server->crowd, connection);
    if (count <= max || aurora__server_trusts(server, &connection->address) ||
        make_room_near(connection))
        return true;
    if (count <= max + SURPLUS_NEAR_MAX) {
        refuse_surplus(connection, &crowded);
        return false;
    }
    aurora__count(&connection->loop->counters.refused_connections, 1);
    aurora__connection_free(connection);
    return false;
}

static void adopt(aurora_http_loop *loop, int fd, const struct sockaddr *address)
{
    aurora_http_server *server = loop->server;
    uint32_t max = server->options.connections_max;
    bool is_surplus = atomic_load(&server->connections) >= max && !make_room(loop);
    if (atomic_load(&server->connections) >= max + SURPLUS_MAX) {
        aurora__count(&loop->counters.refused_connections, 1);
        close(fd);
        return;
    }
    aurora__connection *connection = aurora__connection_new(loop, fd, address);
    if (connection == NULL)
        return;
    aurora__count(&loop->counters.accepted, 1);
    if (is_welcome(connection) && is_surplus)
        refuse_surplus(connection, &full);
}

/* Descriptors have run out: an idle connection has one to give, else we look again later. */
static bool go_on_without_descriptors(aurora_http_loop *loop)
{
    if (make_room(loop))
        return true;
    event_del(loop->accept_event);
    loop->accept_again_ns = aurora__now_ns() + ACCEPT_PAUSE_NS;
    aurora__loop_log(loop, AURORA_LOG_ERROR, "accept: no file descriptors are left");
    return false;
}

static bool accept_one(aurora_http_loop *loop)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } address = {0};
    socklen_t size = sizeof(address);
    int fd = accept4(loop->server->listen_fd, &address.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        /* A handshake that ended at that moment has the listener's filter (let_nobody_in). */
        if (atomic_load(&loop->server->stage) != AURORA__SERVING)
            setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){0}, sizeof(int));
        adopt(loop, fd, &address.any);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        return go_on_without_descriptors(loop);
    return errno == EINTR || errno == ECONNABORTED || errno == EPROTO;
}

static void on_acceptable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(argument); i++) {
    }
}

void aurora__loop_accept(aurora_http_loop *loop)
{
    loop->is_accepting = true;
    event_add(loop->accept_event, NULL);
}

/* What has connected before is served. */
static void stop_accepting(aurora_http_loop *loop)
{
    for (int i = 0; i < AURORA__BACKLOG && loop->accept_again_ns == 0 && accept_one(loop); i++) {
    }
    event_del(loop->accept_event);
    loop->is_accepting = false;
    loop->drain_since_ns = aurora__now_ns();
    for (int phase = 0; phase < AURORA__PHASE_COUNT; phase++) {
        for (aurora__connection *at = loop->phases[phase].first; at != NULL; at = at->next) {
            if (at->current != NULL && at->current->state == AURORA__STREAMING) {
                at->is_closing = true;
                aurora__stream_finish(at->current);
            }
        }
    }
    pthread_mutex_lock(&loop->server->mutex);
    atomic_store(&loop->has_closed_listener, true);
    pthread_cond_broadcast(&loop->server->changed);
    pthread_mutex_unlock(&loop->server->mutex);
}

/* --- messages --------------------------------------------------------------------------------- */

void aurora__loop_wake(aurora_http_loop *loop)
{
    static const uint64_t one = 1;
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void aurora__loop_send_home(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    aurora_http_exchange *first = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
    do {
        exchange->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &first, exchange,
                                                    memory_order_release, memory_order_relaxed));
    if (first == NULL)
        aurora__loop_wake(loop);
}

static void take_home(aurora_http_loop *loop)
{
    aurora_http_exchange *newest =
        atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire);
    aurora_http_exchange *oldest = NULL;
    while (newest != NULL) {
        aurora_http_exchange *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        aurora_http_exchange *next = oldest->next;
        oldest->is_on_worker = false;
        oldest->gzip = loop->gzip;
        if (oldest->is_admitted)
            aurora__dispatch_admitted(oldest);
        else
            aurora__dispatch_answered(oldest);
        oldest = next;
    }
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    aurora_http_loop *loop = argument;
    uint64_t count;
    (void)what;
    while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
    take_home(loop);
    if (atomic_load(&loop->server->stage) != AURORA__SERVING &&
        !atomic_load(&loop->has_closed_listener))
        stop_accepting(loop);
}

static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    aurora__loop_sweep(argument);
}

/* --- the thread ------------------------------------------------------------------------------- */

static void post_jobs(aurora_http_loop *loop)
{
    if (loop->jobs == NULL)
        return;
    aurora_http_exchange *first = loop->jobs, **end = loop->jobs_end;
    uint32_t count = loop->job_count;
    loop->jobs = NULL;
    loop->jobs_end = &loop->jobs;
    loop->job_count = 0;
    aurora__workers_post(loop->server->workers, first, end, count);
}

static void free_graves(aurora_http_loop *loop)
{
    while (loop->graves != NULL) {
        aurora_http_exchange *exchange = loop->graves;
        loop->graves = exchange->next;
        aurora__exchange_free(exchange);
    }
}

/* What the callbacks of this turn have left to be done. */
static void end_turn(aurora_http_loop *loop)
{
    loop->slow_turns = 0;
    aurora__loop_handshakes(loop);
    while (loop->dirty != NULL) {
        aurora__connection *connection = loop->dirty;
        loop->dirty = connection->next_dirty;
        connection->is_dirty = false;
        aurora__connection_turn(connection);
    }
    post_jobs(loop);
    aurora__loop_shed(loop);
    free_graves(loop);
}

static void close_all(aurora_http_loop *loop)
{
    for (int phase = 0; phase < AURORA__PHASE_COUNT; phase++) {
        while (loop->phases[phase].first != NULL)
            aurora__connection_free(loop->phases[phase].first);
    }
    take_home(loop);
    free_graves(loop);
}

static void begin(aurora_http_loop *loop)
{
    const aurora_http_options *options = &loop->server->options;
    aurora_status rc = AURORA_OK;
    if (options->loop_begin != NULL)
        rc = options->loop_begin(options->self, loop, &loop->slot);
    pthread_mutex_lock(&loop->server->mutex);
    loop->begun = rc;
    loop->has_begun = true;
    pthread_cond_broadcast(&loop->server->changed);
    pthread_mutex_unlock(&loop->server->mutex);
}

static void *run(void *argument)
{
    aurora_http_loop *loop = argument;
    const aurora_http_options *options = &loop->server->options;
    begin(loop);
    while (!atomic_load(&loop->is_stopping)) {
        int flags = loop->handshakes != NULL ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE;
        if (event_base_loop(loop->base, flags) < 0)
            break;
        end_turn(loop);
    }
    close_all(loop); /* streams end while what they use is there */
    if (loop->begun == AURORA_OK && options->loop_end != NULL)
        options->loop_end(options->self, loop, loop->slot);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static uint32_t sweep_ms(const aurora_http_options *options)
{
    const uint32_t limits[] = {options->head_ms,  options->body_ms,  options->idle_ms,
                               options->write_ms, options->reply_ms, options->body_grace_ms};
    uint32_t shortest = SWEEP_MS_MAX * 4;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i] < shortest)
            shortest = limits[i];
    }
    return shortest / 4 < SWEEP_MS_MIN ? SWEEP_MS_MIN : shortest / 4;
}

static bool add_events(aurora_http_loop *loop)
{
    uint32_t ms = sweep_ms(&loop->server->options);
    const struct timeval period = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L};
    loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->accept_event =
        event_new(loop->base, loop->server->listen_fd, EV_READ | EV_PERSIST, on_acceptable, loop);
    loop->sweep_event = event_new(loop->base, -1, EV_PERSIST, on_sweep, loop);
    return loop->wake_event != NULL && loop->accept_event != NULL && loop->sweep_event != NULL &&
           event_add(loop->wake_event, NULL) == 0 && event_add(loop->sweep_event, &period) == 0;
}

aurora_status aurora__loop_new(aurora_http_server *server, uint32_t index, aurora_http_loop **out)
{
    aurora_http_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return AURORA_ENOMEM;
    loop->server = server;
    loop->index = index;
    loop->jobs_end = &loop->jobs;
    loop->handshakes_end = &loop->handshakes;
    loop->parked_end = &loop->parked;
    loop->held_max = server->options.held_bytes_max / server->options.loops;
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->base = new_base();
    loop->gzip = aurora__gzip_new();
    *out = loop;
    if (getrandom(loop->random, sizeof(loop->random), 0) != (ssize_t)sizeof(loop->random))
        return AURORA_EIO;
    if (loop->wake_fd < 0)
        return AURORA_EIO;
    if (server->options.tls != NULL && (loop->tls_scratch = aurora_tls_scratch_new()) == NULL)
        return AURORA_ENOMEM;
    return loop->base == NULL || loop->gzip == NULL || !add_events(loop) ? AURORA_ENOMEM
                                                                         : AURORA_OK;
}

aurora_status aurora__loop_start(aurora_http_loop *loop)
{
    aurora_http_server *server = loop->server;
    if (pthread_create(&loop->thread, NULL, run, loop) != 0)
        return AURORA_EIO;
    loop->is_started = true;
    pthread_mutex_lock(&server->mutex);
    while (!loop->has_begun)
        pthread_cond_wait(&server->changed, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
    return loop->begun;
}

void aurora__loop_stop(aurora_http_loop *loop)
{
    if (!loop->is_started)
        return;
    atomic_store(&loop->is_stopping, true);
    aurora__loop_wake(loop);
    pthread_join(loop->thread, NULL);
    loop->is_started = false;
}

void aurora__loop_free(aurora_http_loop *loop)
{
    struct event *events[] = {loop->wake_event, loop->accept_event, loop->sweep_event,
                              loop->park_event};
    while (loop->exchanges != NULL)
        aurora__exchange_free(loop->exchanges);
    while (loop->spare != NULL) {
        aurora_http_exchange *exchange = loop->spare;
        loop->spare = exchange->next;
        free(exchange);
    }
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i] != NULL)
            event_free(events[i]);
    }
    if (loop->base != NULL)
        event_base_free(loop->base);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    aurora__gzip_free(loop->gzip);
    free(loop->tls_scratch);
    free(loop);
}
