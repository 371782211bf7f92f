/* SPDX-License-Identifier: MIT */
#include "api/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define POINT(suffix, name_, help_) {.name = name_, .help = help_},
static const aurora_fault_point points[] = {AURORA__FAULT_POINTS(POINT)};
#undef POINT

typedef struct {
    uint64_t visits;
    uint64_t due_at; /* the visit that it falls due at; 0 = none */
    int32_t action;
    aurora_status status;
} entry;

struct aurora_fault_plan {
    pthread_mutex_t lock;
    entry entries[AURORA__FAULT_COUNT];
};

const aurora_fault_point *aurora_fault_point_table(uint32_t *count_out)
{
    *count_out = AURORA__FAULT_COUNT;
    return points;
}

aurora_status aurora_fault_plan_new(aurora_fault_plan **out)
{
    *out = NULL;
    aurora_fault_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL || pthread_mutex_init(&plan->lock, NULL) != 0) {
        free(plan);
        return AURORA_ENOMEM;
    }
    *out = plan;
    return AURORA_OK;
}

void aurora_fault_plan_free(aurora_fault_plan *plan)
{
    if (plan == NULL)
        return;
    pthread_mutex_destroy(&plan->lock);
    free(plan);
}

static entry *find(aurora_fault_plan *plan, const char *name)
{
    for (uint32_t i = 0; name != NULL && i < AURORA__FAULT_COUNT; i++) {
        if (strcmp(points[i].name, name) == 0)
            return &plan->entries[i];
    }
    return NULL;
}

static bool is_possible(int32_t action, aurora_status status)
{
    if (action == AURORA_FAULT_FAIL)
        return status < 0;
    return action == AURORA_FAULT_LOSE || action == AURORA_FAULT_KILL;
}

aurora_status aurora_fault_plan_set(aurora_fault_plan *plan, const char *name, uint64_t nth,
                                    int32_t action, aurora_status status)
{
    if (plan == NULL || nth == 0 || !is_possible(action, status))
        return AURORA_EINVAL;
    entry *of = find(plan, name);
    if (of == NULL)
        return AURORA_ENOTFOUND;
    pthread_mutex_lock(&plan->lock);
    of->due_at = of->visits + nth;
    of->action = action;
    of->status = status;
    pthread_mutex_unlock(&plan->lock);
    return AURORA_OK;
}

uint64_t aurora_fault_plan_visits(const aurora_fault_plan *plan, const char *name)
{
    aurora_fault_plan *locked = (aurora_fault_plan *)plan;
    entry *of = plan != NULL ? find(locked, name) : NULL;
    if (of == NULL)
        return 0;
    pthread_mutex_lock(&locked->lock);
    uint64_t visits = of->visits;
    pthread_mutex_unlock(&locked->lock);
    return visits;
}

int32_t aurora__fault_visit(aurora_fault_plan *plan, uint32_t point, aurora_status *status_out)
{
    entry *of = &plan->entries[point];
    int32_t action = 0;
    pthread_mutex_lock(&plan->lock);
    of->visits++;
    if (of->visits == of->due_at) {
        action = of->action;
        *status_out = of->status;
    }
    pthread_mutex_unlock(&plan->lock);
    if (action == AURORA_FAULT_KILL)
        raise(SIGKILL);
    return action;
}
