/* SPDX-License-Identifier: MIT */
/* What owners outside of the engine are told: that a turn's answers are out, that it ends. */
#include "engine/internal.h"

void aurora__engine_flush_later(aurora__engine *engine, aurora__flush *flush)
{
    if (flush->is_due)
        return;
    flush->is_due = true;
    flush->next = engine->flushes;
    engine->flushes = flush;
}

void aurora__flush_run(aurora__engine *engine)
{
    while (engine->flushes != NULL) {
        aurora__flush *flush = engine->flushes;
        engine->flushes = flush->next;
        flush->is_due = false;
        flush->run(flush);
    }
}

void aurora__engine_closer_add(aurora__engine *engine, aurora__closer *closer)
{
    pthread_mutex_lock(&engine->lock);
    closer->next = engine->closers;
    engine->closers = closer;
    pthread_mutex_unlock(&engine->lock);
}

bool aurora__engine_closer_remove(aurora__engine *engine, aurora__closer *closer)
{
    pthread_mutex_lock(&engine->lock);
    aurora__closer **link = &engine->closers;
    while (*link != NULL && *link != closer)
        link = &(*link)->next;
    bool is_listed = *link != NULL;
    if (is_listed)
        *link = closer->next;
    pthread_mutex_unlock(&engine->lock);
    return is_listed;
}

void aurora__closers_run(aurora__engine *engine)
{
    for (;;) {
        pthread_mutex_lock(&engine->lock);
        aurora__closer *closer = engine->closers;
        if (closer != NULL)
            engine->closers = closer->next;
        pthread_mutex_unlock(&engine->lock);
        if (closer == NULL)
            return;
        closer->closed(closer);
    }
}
