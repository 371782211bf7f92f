/* SPDX-License-Identifier: MIT */
/* A consumer that ends commits what is done and leaves its group, and waits for a dead broker as
 * long as its session lasts. Who closes a bus does not: the client then ends on a thread of its
 * own, which holds nothing of the bus but the voice. Its memory is the C library's, since the
 * host's allocator is not called after the end of the bus. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/bus_kafka/kafka.h"

#define END_MS 500

/* A client on its way out. */
typedef struct {
    aurora__kafka_voice *voice;
    rd_kafka_t *rk;
    bool is_ended;
    bool is_left; /* nobody waits for it: it frees itself */
} leaver;

/* --- the voice -------------------------------------------------------------------------------- */

aurora_status aurora__kafka_voice_open(aurora__kafka *self)
{
    pthread_condattr_t monotonic;
    aurora__kafka_voice *voice = malloc(sizeof *voice);
    if (voice == NULL)
        return AURORA_ENOMEM;
    pthread_mutex_init(&voice->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&voice->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    voice->bus = self;
    voice->holders = 1;
    self->voice = voice;
    return AURORA_OK;
}

/* Under the lock, which it gives back. */
static void let_go(aurora__kafka_voice *voice)
{
    bool is_last = --voice->holders == 0;
    pthread_mutex_unlock(&voice->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&voice->ended);
    pthread_mutex_destroy(&voice->lock);
    free(voice);
}

void aurora__kafka_voice_close(aurora__kafka *self)
{
    if (self->voice == NULL)
        return;
    pthread_mutex_lock(&self->voice->lock);
    self->voice->bus = NULL;
    let_go(self->voice);
    self->voice = NULL;
}

/* --- the end of a client ---------------------------------------------------------------------- */

static void *end_client(void *argument)
{
    leaver *one = argument;
    aurora__kafka_voice *voice = one->voice;
    rd_kafka_destroy_flags(one->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    pthread_mutex_lock(&voice->lock);
    one->is_ended = true;
    if (one->is_left)
        free(one);
    pthread_cond_broadcast(&voice->ended);
    let_go(voice);
    return NULL;
}

/* Signals are the host's: none of them shall be handled on our thread. */
static bool start_thread(leaver *one)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(&thread, NULL, end_client, one) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_started)
        pthread_detach(thread);
    return is_started;
}

void aurora__kafka_end(aurora__kafka *self, rd_kafka_t *rk)
{
    aurora__kafka_voice *voice = self->voice;
    struct timespec until;
    leaver *one = malloc(sizeof *one);
    if (one != NULL) {
        *one = (leaver){.voice = voice, .rk = rk};
        pthread_mutex_lock(&voice->lock);
        voice->holders++;
        pthread_mutex_unlock(&voice->lock);
    }
    if (one == NULL || !start_thread(one)) {
        voice->holders -= one != NULL;
        free(one);
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += END_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int rc = 0;
    pthread_mutex_lock(&voice->lock);
    while (!one->is_ended && rc == 0)
        rc = pthread_cond_timedwait(&voice->ended, &voice->lock, &until);
    one->is_left = true;
    if (one->is_ended)
        free(one);
    pthread_mutex_unlock(&voice->lock);
}
