/* SPDX-License-Identifier: MIT */
/* What one transaction had no room for. */
#include "engine/internal.h"
#include "engine/redrive.h"
#include "engine/trace.h"

typedef struct {
    aurora__command head;
    aurora__parked_at at;
    aurora__parked_part part;
} rest_command;

static aurora_status rest_keys(aurora__command *base, aurora__turn *turn)
{
    rest_command *command = (rest_command *)base;
    return aurora__redrive_keys(turn, &command->at, &command->part);
}

/* Somebody else may have unparked the key. */
static aurora_status rest_decide(aurora__command *base, aurora__turn *turn)
{
    rest_command *command = (rest_command *)base;
    uint32_t taken;
    aurora_status failed;
    aurora_status rc =
        aurora__redrive_run(&turn->step, &command->at, &command->part, &taken, &failed);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

static bool rest_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    const rest_command *command = (const rest_command *)base;
    if (status == AURORA_OK && command->part.is_more)
        aurora__redrive_rest(turn->engine, &command->at);
    return true;
}

static void rest_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const rest_command *command = (const rest_command *)base;
    aurora__span_name(draft, "redrive", "events");
    aurora__span_text(draft, "aurora.module", aurora__module_name(command->at.module));
    aurora__span_order(draft, &command->at.order_id);
}

static const aurora__command_class rest_class = {.name = "dead_letter_rest",
                                                 .keys = rest_keys,
                                                 .decide = rest_decide,
                                                 .finish = rest_finish,
                                                 .describe = rest_describe};

void aurora__redrive_rest(aurora__engine *engine, const aurora__parked_at *at)
{
    rest_command *command = aurora__command_new(engine, &rest_class, sizeof *command);
    if (command == NULL)
        return;
    command->at = (aurora__parked_at){.module = at->module, .order_id = at->order_id};
    aurora__engine_push(engine, &command->head);
}
