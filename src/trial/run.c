/* SPDX-License-Identifier: MIT */
/* One seed from its options to the verdict: faults first, then none; at the end everything has come
 * to rest, and is counted. */
#include "trial/trial.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define MARGIN_S 120                   /* of faults after the last order */
#define CALM_NS (SECOND_NS * 6 * 3600) /* every order is settled or parked so long after them */
#define ROUND_NS (1800 * SECOND_NS)    /* between two looks of the operators */
#define LAST_NS (30 * SECOND_NS)
#define ROUNDS_MAX 24
#define STEPS_MAX 2000000 /* a bound against a world that never ends */
#define AWAY_MS 30000
#define JUMP_MS 7200000
#define STEP_MS 2000

/* --- one step --------------------------------------------------------------------------------- */

static void step_workload(aurora__trial *world, aurora_t *shop)
{
    const aurora_sim_workload *workload = world->workload;
    aurora_status rc = workload->step(workload->self, world, shop, (uint32_t)world->now.number);
    if (rc == AURORA_OK)
        world->steps_done++;
    else if (aurora_status_is_retriable(rc))
        aurora__trial_again(world);
    else
        aurora__trial_fail(world, -1, "workload", "step %d answers %s", world->now.number,
                           aurora_status_name(rc));
}

/* Whose affair it is that happens now: modules of a service. */
static uint32_t set_of(const aurora__trial *world)
{
    switch (world->now.kind) {
    case AURORA__TRIAL_SET_UP:
        return world->set_up < world->options.skus ? AURORA__TRIAL_PRODUCT
                                                   : AURORA__TRIAL_INVENTORY;
    case AURORA__TRIAL_MOVE:
    case AURORA__TRIAL_HOLD:
    case AURORA__TRIAL_HOLD_END:
        return AURORA__TRIAL_INVENTORY;
    case AURORA__TRIAL_TASKS:
    case AURORA__TRIAL_ARRIVE:
    case AURORA__TRIAL_ANSWER:
        return AURORA__TRIAL_PAYMENT;
    case AURORA__TRIAL_TELL:
        return AURORA__TRIAL_NOTIFICATION;
    case AURORA__TRIAL_EVENTS:
    case AURORA__TRIAL_VERIFY:
        return world->services[world->now.number].set;
    default:
        return AURORA__TRIAL_ORDER;
    }
}

void aurora__trial_act(aurora__trial *world, aurora_t *shop)
{
    switch (world->now.kind) {
    case AURORA__TRIAL_SET_UP:
    case AURORA__TRIAL_MOVE:
    case AURORA__TRIAL_HOLD:
    case AURORA__TRIAL_HOLD_END:
        aurora__trial_stock_act(world, shop);
        break;
    case AURORA__TRIAL_TASKS:
    case AURORA__TRIAL_ARRIVE:
    case AURORA__TRIAL_ANSWER:
        aurora__trial_payments_act(world, shop);
        break;
    case AURORA__TRIAL_TELL:
        aurora__trial_notices_act(world, shop);
        break;
    case AURORA__TRIAL_EVENTS:
        aurora__trial_events_act(world, shop);
        break;
    case AURORA__TRIAL_VERIFY:
        aurora__trial_verify(world, shop, false);
        break;
    case AURORA__TRIAL_STEP:
        step_workload(world, shop);
        break;
    default:
        aurora__trial_clients_act(world, shop);
    }
}

static void do_step(aurora__trial *world)
{
    if (world->now.kind == AURORA__TRIAL_PUMP) {
        aurora__trial_pump(world, (uint32_t)world->now.number);
        return;
    }
    if (world->now.kind == AURORA__TRIAL_OPEN) {
        aurora__trial_open(world, (uint32_t)world->now.number);
        return;
    }
    if (world->now.kind == AURORA__TRIAL_SESSION) {
        aurora__trial_bus_session_end(world, (uint32_t)world->now.number);
        return;
    }
    aurora__trial_instance *instance = aurora__trial_any(world, set_of(world));
    bool is_waiting = !world->is_up && world->now.kind != AURORA__TRIAL_SET_UP;
    if (instance == NULL || is_waiting) {
        aurora__trial_again(world);
        return;
    }
    uint64_t commits = world->report->commits;
    aurora__trial_act(world, instance->shop);
    world->now.kind = AURORA__TRIAL_PUMP; /* what was done is not done again */
    if (world->report->commits != commits || world->has_queued)
        aurora__trial_pump(world, instance->number);
}

/* A caller whose process died tries again; the memory of the calls went with it. */
static void step(aurora__trial *world)
{
    aurora__trial_hash_number(world, (uint64_t)world->now.kind << 32 | (uint32_t)world->now.number);
    aurora__trial_hash_number(world, (uint64_t)world->now_ns);
    if (setjmp(world->jump) != 0) {
        aurora__trial_after_crash(world);
        if (world->now.kind != AURORA__TRIAL_PUMP)
            aurora__trial_again(world);
        return;
    }
    world->is_armed = true;
    do_step(world);
    world->is_armed = false;
}

/* --- what else goes wrong, between steps ------------------------------------------------------ */

static void jump_clock(aurora__trial *world)
{
    int64_t by_ms = (int64_t)aurora__trial_below(world, 2 * JUMP_MS) - JUMP_MS;
    world->wall_ahead_ms += by_ms;
    world->jumps++;
    aurora_sim_note(world, "the wall clock jumps by %lld s", (long long)by_ms / 1000);
}

static void kill_one(aurora__trial *world)
{
    aurora__trial_instance *instance = aurora__trial_any(world, AURORA__TRIAL_EVERYTHING);
    if (instance == NULL)
        return;
    if (setjmp(world->jump) == 0)
        aurora__trial_crash(instance, "rest");
    aurora__trial_after_crash(world);
}

static void restart_one(aurora__trial *world)
{
    aurora__trial_instance *instance = aurora__trial_any(world, AURORA__TRIAL_EVERYTHING);
    if (instance == NULL)
        return;
    world->now = (aurora__trial_item){.kind = AURORA__TRIAL_PUMP};
    if (setjmp(world->jump) != 0) {
        aurora__trial_after_crash(world);
        return;
    }
    uint32_t number = instance->number;
    aurora__trial_close(world, number);
    aurora__trial_plan(world, AURORA__TRIAL_OPEN, (int32_t)number, 100);
}

static void take_away(aurora__trial *world)
{
    aurora__trial_service *service =
        &world->services[aurora__trial_below(world, world->service_count)];
    service->away_until_ns = world->now_ns + (int64_t)aurora__trial_below(world, AWAY_MS) * 1000000;
    world->report->faults++;
    aurora_sim_note(world, "the store of %s is away until %lld ms", service->modules,
                    (long long)(service->away_until_ns / 1000000));
}

static void meddle(aurora__trial *world)
{
    const aurora__trial_options *options = &world->options;
    if (world->is_calm)
        return;
    if (aurora__trial_chance(world, options->kill, 1000))
        kill_one(world);
    if (aurora__trial_chance(world, options->restart, 1000))
        restart_one(world);
    if (aurora__trial_chance(world, options->jump, 1000))
        jump_clock(world);
    if (aurora__trial_chance(world, options->away, 1000))
        take_away(world);
    aurora__trial_instance *cut =
        world->broker != NULL && aurora__trial_chance(world, options->cut, 1000)
            ? aurora__trial_any(world, AURORA__TRIAL_EVERYTHING)
            : NULL;
    if (cut != NULL)
        aurora__trial_bus_cut(cut);
}

/* --- phases ----------------------------------------------------------------------------------- */

/* The next thing: of the agenda, or a handle that wants to be pumped. */
static bool choose(aurora__trial *world, int64_t until_ns)
{
    int64_t at_ns = world->agenda_count == 0 ? INT64_MAX : world->agenda[0].at_ns;
    int32_t pumped = -1;
    for (uint32_t i = 0; i < world->instance_count; i++) {
        if (world->instances[i].shop != NULL && world->instances[i].pump_ns < at_ns) {
            at_ns = world->instances[i].pump_ns;
            pumped = (int32_t)i;
        }
    }
    if (at_ns > until_ns) {
        if (world->now_ns < until_ns)
            world->now_ns = until_ns;
        return false;
    }
    if (pumped >= 0)
        world->now =
            (aurora__trial_item){.at_ns = at_ns, .kind = AURORA__TRIAL_PUMP, .number = pumped};
    else if (!aurora__trial_next(world, &world->now))
        return false;
    if (at_ns > world->now_ns)
        world->now_ns = at_ns;
    return true;
}

/* Until that time, or with `is_watching` until everything is settled or parked. */
static void run_until(aurora__trial *world, int64_t until_ns, bool is_watching)
{
    while (world->report->is_failed == 0 && choose(world, until_ns)) {
        step(world);
        meddle(world);
        if (is_watching && aurora__trial_is_done(world, true))
            return;
        if (++world->steps > STEPS_MAX)
            aurora__trial_fail(world, -1, "I3", "no rest after %u steps", world->steps);
    }
}

static void calm_down(aurora__trial *world)
{
    aurora_sim_note(world, "--- the faults are over ---");
    world->is_calm = true;
    for (uint32_t i = 0; i < world->service_count; i++)
        world->services[i].away_until_ns = 0;
    for (uint32_t i = 0; i < world->instance_count; i++) {
        if (world->instances[i].shop == NULL)
            aurora__trial_plan(world, AURORA__TRIAL_OPEN, (int32_t)i, 0);
    }
    for (uint32_t i = 0; i < world->options.orders; i++) {
        world->orders[i].read_pause_ms = 1000;
        world->orders[i].is_settled = false;
        aurora__trial_plan(world, AURORA__TRIAL_READ, (int32_t)i, 100);
    }
}

static void say_what_hangs(aurora__trial *world)
{
    for (uint32_t i = 0; i < world->options.orders; i++) {
        const aurora__trial_order *order = &world->orders[i];
        if (!order->is_acknowledged)
            aurora__trial_fail(world, (int32_t)i, "I3", "order %u: is never acknowledged", i);
        else if (!order->is_settled)
            aurora__trial_fail(world, (int32_t)i, "I3", "order %u: stays %s and is not settled", i,
                               aurora_order_status_name(order->status));
    }
    aurora__trial_fail(world, -1, "I3", "something of stock or of the workload never ends");
}

static aurora_t *running(aurora__trial *world, uint32_t set)
{
    aurora__trial_instance *instance = aurora__trial_any(world, set);
    if (instance == NULL)
        aurora__trial_fail(world, -1, "I3", "no handle runs when all is calm");
    return instance == NULL ? NULL : instance->shop;
}

static void repair(aurora__trial *world)
{
    for (uint32_t i = 0; i < ROUNDS_MAX && world->report->is_failed == 0; i++) {
        if (aurora__trial_is_done(world, false))
            return;
        aurora_t *orders = running(world, AURORA__TRIAL_ORDER);
        aurora_t *payments = running(world, AURORA__TRIAL_PAYMENT);
        if (orders != NULL && payments != NULL)
            aurora__trial_operators(world, orders, payments);
        for (uint32_t k = 0; k < world->options.orders; k++)
            aurora__trial_plan(world, AURORA__TRIAL_READ, (int32_t)k, 60000);
        run_until(world, world->now_ns + ROUND_NS, false);
    }
}

static void come_to_rest(aurora__trial *world)
{
    calm_down(world);
    run_until(world, world->now_ns + CALM_NS, true);
    aurora__trial_check(world, "I3");
    if (world->report->is_failed == 0 && !aurora__trial_is_done(world, true))
        say_what_hangs(world);
    repair(world);
    if (world->report->is_failed == 0 && !aurora__trial_is_done(world, false))
        say_what_hangs(world);
    if (world->broker != NULL) /* what is on its way at last */
        run_until(world, world->now_ns + LAST_NS, false);
}

static void judge_service(aurora__trial *world, aurora__trial_service *service)
{
    aurora_t *shop = running(world, service->set);
    if (shop == NULL || world->report->is_failed != 0)
        return;
    aurora__trial_letters_check(world, shop);
    aurora__trial_events_check(world, service, shop);
    aurora__trial_verify(world, shop, true);
}

static void judge(aurora__trial *world)
{
    aurora_t *orders = running(world, AURORA__TRIAL_ORDER);
    aurora_t *inventory = running(world, AURORA__TRIAL_INVENTORY);
    aurora_t *notification = running(world, AURORA__TRIAL_NOTIFICATION);
    if (world->report->is_failed != 0)
        return;
    aurora__trial_check_orders(world, orders);
    aurora__trial_stock_check(world, inventory);
    for (uint32_t i = 0; i < world->service_count; i++)
        judge_service(world, &world->services[i]);
    aurora__trial_notices_check(world, notification);
    if (world->service_count > 1 && world->report->is_failed == 0)
        aurora__trial_verify_all(world);
    if (world->workload != NULL && world->workload->check != NULL)
        world->workload->check(world->workload->self, world, orders);
}

/* --- the world -------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static aurora_status make_folder(aurora__trial *world)
{
    const char *given = world->request->folder;
    if (given != NULL) {
        snprintf(world->folder, sizeof world->folder, "%s", given);
    } else if ((world->store->flags & AURORA_SIM_STORE_STAYS) == 0) {
        snprintf(world->folder, sizeof world->folder, "/tmp/aurora-sim-XXXXXX");
        if (mkdtemp(world->folder) == NULL)
            return AURORA_EIO;
        world->has_own_folder = true;
    }
    return AURORA_OK;
}

static void plan_logs(aurora__trial *world)
{
    for (int32_t i = 0; i < (int32_t)world->service_count; i++) {
        aurora__trial_plan(world, AURORA__TRIAL_EVENTS, i, 1000);
        for (uint32_t k = 0; k < 3; k++)
            aurora__trial_plan(world, AURORA__TRIAL_VERIFY, i,
                               1000 + aurora__trial_below(world, world->options.spread * 1000));
    }
}

static void plan(aurora__trial *world)
{
    aurora__trial_stock_plan(world);
    aurora__trial_clients_plan(world);
    for (uint32_t i = 0; world->workload != NULL && i < world->workload->steps; i++)
        aurora__trial_plan(world, AURORA__TRIAL_STEP, (int32_t)i,
                           1000 + aurora__trial_below(world, world->options.spread * 1000));
    aurora__trial_plan(world, AURORA__TRIAL_TASKS, 0, 1000);
    aurora__trial_plan(world, AURORA__TRIAL_TELL, 0, 1000);
    plan_logs(world);
}

static void begin_ports(aurora__trial *world)
{
    uint64_t seed = world->request->seed;
    world->provider->begin(world->provider->self, seed);
    if (world->notifier != NULL)
        world->notifier->begin(world->notifier->self, seed);
    if (world->workload != NULL)
        world->workload->begin(world->workload->self, world, seed);
}

/* How modules are shared out, by the option `split`. */
static const struct {
    const char *modules;
    uint32_t set;
} layouts[3][AURORA__TRIAL_SERVICES_MAX] = {
    {{"order,inventory,payment,product,notification", AURORA__TRIAL_EVERYTHING}},
    {{"order,inventory,payment,product",
      AURORA__TRIAL_EVERYTHING & ~(uint32_t)AURORA__TRIAL_NOTIFICATION},
     {"notification", AURORA__TRIAL_NOTIFICATION}},
    {{"order", AURORA__TRIAL_ORDER},
     {"inventory", AURORA__TRIAL_INVENTORY},
     {"payment", AURORA__TRIAL_PAYMENT},
     {"product", AURORA__TRIAL_PRODUCT},
     {"notification", AURORA__TRIAL_NOTIFICATION}},
};

static void make_services(aurora__trial *world)
{
    uint32_t split = world->options.split;
    while (world->service_count < AURORA__TRIAL_SERVICES_MAX &&
           layouts[split][world->service_count].modules != NULL) {
        aurora__trial_service *service = &world->services[world->service_count];
        service->number = world->service_count;
        service->modules = layouts[split][service->number].modules;
        service->set = layouts[split][service->number].set;
        snprintf(service->address, sizeof service->address, "%s/store-%llu-%u", world->folder,
                 (unsigned long long)world->request->seed, service->number);
        world->service_count++;
    }
    world->instance_count = world->service_count * world->options.instances;
}

static void make_instances(aurora__trial *world)
{
    for (uint32_t i = 0; i < AURORA__TRIAL_INSTANCES_MAX; i++) {
        aurora__trial_instance *instance = &world->instances[i];
        instance->world = world;
        instance->service = &world->services[i % world->service_count];
        instance->number = i;
        instance->pump_ns = INT64_MAX;
        aurora__trial_memory_init(instance);
    }
    for (uint32_t i = 0; i < world->instance_count; i++)
        aurora__trial_plan(world, AURORA__TRIAL_OPEN, (int32_t)i, 0);
}

static aurora_status begin(aurora__trial *world, aurora_error *err)
{
    aurora_status rc = aurora__trial_options_draw(world, err);
    if (rc == AURORA_OK)
        rc = make_folder(world);
    if (rc != AURORA_OK)
        return rc;
    const aurora__trial_options *options = &world->options;
    aurora__trial_options_write(options, world->report->options, sizeof world->report->options);
    world->orders = aurora_sim_take(world, (options->orders + 1) * sizeof *world->orders);
    world->moves = aurora_sim_take(world, (options->moves + 1) * sizeof *world->moves);
    world->holds = aurora_sim_take(world, (options->holds + 1) * sizeof *world->holds);
    world->disk_allocator = aurora__trial_disk_allocator(world);
    make_services(world);
    make_instances(world);
    aurora__trial_broker_begin(world);
    begin_ports(world);
    plan(world);
    return AURORA_OK;
}

static void end(aurora__trial *world)
{
    for (uint32_t i = 0; i < AURORA__TRIAL_INSTANCES_MAX; i++)
        aurora__trial_close(world, i);
    aurora__trial_store_end(world);
    for (uint32_t i = 0; i < world->service_count; i++) {
        aurora__trial_hash_number(world, world->services[i].event_count);
        free(world->services[i].event_marks);
    }
    aurora__trial_broker_end(world);
    world->report->hash = world->hash;
    world->report->virtual_ms = world->now_ns / 1000000;
    if (world->has_own_folder)
        nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(world->agenda);
    free(world->answers);
    free(world->calls);
    aurora__trial_chunks_free(world);
}

static aurora_status find_ports(aurora__trial *world, aurora_error *err)
{
    const aurora_sim_ports *ports = world->ports;
    world->store = aurora__trial_store_find(ports, world->request->store);
    world->workload = ports == NULL ? NULL : ports->workload;
    world->notifier = ports == NULL ? NULL : ports->notifier;
    world->provider = ports == NULL ? NULL : ports->provider;
    if (world->store != NULL)
        return AURORA_OK;
    if (err != NULL) {
        aurora_error_init(err);
        err->status = AURORA_EINVAL;
        snprintf(err->field, sizeof err->field, "store");
        snprintf(err->message, sizeof err->message, "\"%s\" is neither memory, sqlite nor attached",
                 world->request->store);
    }
    return AURORA_EINVAL;
}

aurora_status aurora__trial_run(const aurora_sim_request *request, const aurora_sim_ports *ports,
                                aurora_sim_report *report, aurora__trial_count *counts,
                                aurora_error *err)
{
    aurora__trial *world = calloc(1, sizeof *world);
    aurora_sim_provider own = aurora__trial_provider;
    void *books = aurora__trial_books_new();
    aurora_status rc = world == NULL || books == NULL ? AURORA_ENOMEM : AURORA_OK;
    memset(report, 0, sizeof *report);
    report->size = sizeof *report;
    report->order = -1;
    if (rc == AURORA_OK) {
        *world = (aurora__trial){.request = request,
                                 .ports = ports,
                                 .report = report,
                                 .counts = counts,
                                 .random = request->seed,
                                 .hash = request->seed};
        own.self = books;
        rc = find_ports(world, err);
    }
    if (rc == AURORA_OK && world->provider == NULL)
        world->provider = &own;
    if (rc == AURORA_OK) {
        rc = begin(world, err);
        if (rc == AURORA_OK) {
            run_until(world, (world->options.spread + MARGIN_S) * SECOND_NS, false);
            come_to_rest(world);
            judge(world);
        }
        end(world);
    }
    aurora__trial_books_free(books);
    free(world);
    return rc;
}

aurora_status aurora_sim_run(const aurora_sim_request *request, const aurora_sim_ports *ports,
                             aurora_sim_report *report_out, aurora_error *err)
{
    aurora__trial_count counts[AURORA__TRIAL_COUNTS_MAX] = {{NULL, 0}};
    return aurora__trial_run(request, ports, report_out, counts, err);
}
