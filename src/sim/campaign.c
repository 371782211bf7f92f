/* SPDX-License-Identifier: MIT */
#include "sim/campaign.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 32       /* seeds that a process takes at once */
#define TWICE_EVERY 64 /* seeds: this one runs again, for I14 */
#define PROGRESS_MS 5000
#define JOBS_MAX 256

typedef struct {
    aurora__sim_totals totals; /* written by this process alone */
    uint64_t broken;
    bool is_broken;
} worker;

/* What the processes share. */
typedef struct {
    uint64_t next; /* the first seed that nobody took */
    uint32_t is_over;
    worker workers[];
} board;

static volatile sig_atomic_t is_interrupted;

static void interrupt(int number)
{
    (void)number;
    is_interrupted = 1;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- one process -------------------------------------------------------------------------- */

static void run_seed(const aurora__sim_campaign *campaign, uint64_t seed, aurora__sim_pool *pool,
                     worker *own)
{
    aurora__sim_report report;
    aurora__sim_request request = {
        .seed = seed, .pool = pool, .set = campaign->set, .plant = campaign->plant, .focus = -1};
    aurora__sim_run(&request, &report);
    uint64_t hash = report.hash;
    if (!report.is_failed && seed % TWICE_EVERY == 0) {
        aurora__sim_report again;
        aurora__sim_run(&request, &again);
        report.checks[AURORA__CHECK_I14]++;
        report.is_failed = again.hash != hash;
    }
    aurora__sim_totals_add(&own->totals, &report);
    if (report.is_failed && !own->is_broken) {
        own->is_broken = true;
        own->broken = seed;
    }
}

static void work(const aurora__sim_campaign *campaign, board *shared, worker *own)
{
    uint64_t end = campaign->seed + campaign->seeds;
    aurora__sim_pool pool = {0};
    while (!own->is_broken && __atomic_load_n(&shared->is_over, __ATOMIC_RELAXED) == 0) {
        uint64_t from = __atomic_fetch_add(&shared->next, CHUNK, __ATOMIC_RELAXED);
        for (uint64_t seed = from; seed < from + CHUNK && seed < end; seed++)
            run_seed(campaign, seed, &pool, own);
        own->totals.cpu_ns = cpu_ns();
        if (from + CHUNK >= end)
            break;
    }
    if (own->is_broken)
        __atomic_store_n(&shared->is_over, 1, __ATOMIC_RELAXED);
    aurora__sim_pool_free(&pool);
}

/* --- all of them -------------------------------------------------------------------------- */

static void add_words(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        into[i] += from[i];
}

static void join(const board *shared, uint32_t jobs, aurora__sim_totals *out)
{
    _Static_assert(sizeof *out % sizeof(uint64_t) == 0, "words alone");
    memset(out, 0, sizeof *out);
    int64_t calm_max_ms = 0;
    for (uint32_t i = 0; i < jobs; i++) {
        const aurora__sim_totals *from = &shared->workers[i].totals;
        add_words((uint64_t *)out, (const uint64_t *)from, sizeof *out / sizeof(uint64_t));
        calm_max_ms = from->calm_max_ms > calm_max_ms ? from->calm_max_ms : calm_max_ms;
    }
    out->calm_max_ms = calm_max_ms;
}

static void tell(const aurora__sim_campaign *campaign, const aurora__sim_totals *totals,
                 uint64_t begun_ms)
{
    double seconds = (double)(now_ms() - begun_ms) / 1000;
    double cpu = (double)totals->cpu_ns / 1e9;
    fprintf(stderr, "sim: %llu of %llu seeds, %llu orders, %.0f s, %.0f orders/s/core\n",
            (unsigned long long)totals->seeds, (unsigned long long)campaign->seeds,
            (unsigned long long)totals->orders, seconds,
            cpu > 0 ? (double)totals->orders / cpu : 0);
}

/* True once all have ended. */
static bool reap(pid_t *children, uint32_t jobs)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < jobs; i++) {
        if (children[i] > 0 && waitpid(children[i], NULL, WNOHANG) == children[i])
            children[i] = 0;
        left += children[i] > 0;
    }
    return left == 0;
}

static void watch(const aurora__sim_campaign *campaign, board *shared, pid_t *children,
                  uint32_t jobs)
{
    uint64_t begun = now_ms();
    uint64_t told = begun;
    aurora__sim_totals totals;
    while (!reap(children, jobs)) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        uint64_t now = now_ms();
        bool is_late = campaign->minutes > 0 && (double)(now - begun) > campaign->minutes * 60000;
        if (is_late || is_interrupted)
            __atomic_store_n(&shared->is_over, 1, __ATOMIC_RELAXED);
        if (now - told < PROGRESS_MS || campaign->is_quiet)
            continue;
        told = now;
        join(shared, jobs, &totals);
        tell(campaign, &totals, begun);
    }
}

static void start(const aurora__sim_campaign *campaign, board *shared, pid_t *children,
                  uint32_t jobs)
{
    fflush(NULL);
    for (uint32_t i = 0; i < jobs; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        signal(SIGINT, SIG_IGN);
        work(campaign, shared, &shared->workers[i]);
        _exit(0);
    }
    if (children[0] < 0) /* not one: this process does it */
        work(campaign, shared, &shared->workers[0]);
}

static bool has_broken(const board *shared, uint32_t jobs, uint64_t *broken_out)
{
    bool is_broken = false;
    for (uint32_t i = 0; i < jobs; i++) {
        const worker *of = &shared->workers[i];
        if (of->is_broken && (!is_broken || of->broken < *broken_out))
            *broken_out = of->broken;
        is_broken = is_broken || of->is_broken;
    }
    return is_broken;
}

bool aurora__sim_campaign_run(const aurora__sim_campaign *campaign, aurora__sim_totals *totals_out,
                              uint64_t *next_out, uint64_t *broken_out)
{
    pid_t children[JOBS_MAX];
    uint32_t jobs = campaign->jobs < 1 ? 1 : campaign->jobs > JOBS_MAX ? JOBS_MAX : campaign->jobs;
    size_t bytes = sizeof(board) + jobs * sizeof(worker);
    /* cppcheck-suppress invalidFunctionArg ; with MAP_ANONYMOUS the descriptor is to be -1 */
    board *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    shared->next = campaign->seed;
    is_interrupted = 0;
    void (*before)(int) = signal(SIGINT, interrupt);
    start(campaign, shared, children, jobs);
    watch(campaign, shared, children, jobs);
    signal(SIGINT, before);
    uint64_t end = campaign->seed + campaign->seeds;
    join(shared, jobs, totals_out);
    *next_out = shared->next < end ? shared->next : end;
    bool is_broken = has_broken(shared, jobs, broken_out);
    munmap(shared, bytes);
    return !is_broken;
}
