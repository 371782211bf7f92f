/* SPDX-License-Identifier: MIT */
#include "adapters/payment_http/payment_http.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/payment_http/address.h"
#include "adapters/payment_http/bridge.h"

int64_t aurora__bridge_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the port --------------------------------------------------------------------------------- */

static aurora_status begin(void *argument, aurora_t *shop, const aurora_task *task)
{
    aurora__bridge *self = argument;
    aurora__bridge_call *call = aurora__bridge_call_new(self, shop, task);
    if (call == NULL)
        return AURORA_EBUSY;
    pthread_mutex_lock(&self->lock);
    bool may_call = aurora__bridge_gate_enter(self, task, &call->ticket);
    if (may_call) {
        self->calls++;
        if (self->queued_last != NULL)
            self->queued_last->next = call;
        else
            self->queued = call;
        self->queued_last = call;
    }
    pthread_mutex_unlock(&self->lock);
    if (!may_call) {
        aurora__bridge_call_free(call);
        return AURORA_EBUSY;
    }
    curl_multi_wakeup(self->multi);
    return AURORA_OK;
}

static void read_breaker(void *argument, aurora_breaker_figures *figures_out)
{
    aurora__bridge *self = argument;
    pthread_mutex_lock(&self->lock);
    aurora_breaker_read(&self->breaker, aurora__bridge_now_ns(), figures_out);
    pthread_mutex_unlock(&self->lock);
}

static void stop(void *argument)
{
    aurora__bridge *self = argument;
    if (!self->has_thread)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    pthread_mutex_unlock(&self->lock);
    curl_multi_wakeup(self->multi);
    pthread_join(self->thread, NULL);
    self->has_thread = false;
}

static void release_text(const aurora__bridge *self, char *text)
{
    if (text == NULL)
        return;
    OPENSSL_cleanse(text, strlen(text));
    self->allocator.release(self->allocator.self, text);
}

static void close_port(void *argument)
{
    aurora__bridge *self = argument;
    stop(self);
    if (self->multi != NULL)
        curl_multi_cleanup(self->multi);
    pthread_mutex_destroy(&self->lock);
    release_text(self, self->url);
    release_text(self, self->secret);
    release_text(self, self->ca_file);
    aurora_allocator allocator = self->allocator;
    allocator.release(allocator.self, self);
    curl_global_cleanup();
}

/* --- open ------------------------------------------------------------------------------------- */

static aurora_status copy_text(const aurora__bridge *self, const char *text, char **copy_out)
{
    size_t bytes = strlen(text) + 1;
    *copy_out = self->allocator.allocate(self->allocator.self, bytes);
    if (*copy_out == NULL)
        return AURORA_ENOMEM;
    memcpy(*copy_out, text, bytes);
    return AURORA_OK;
}

/* Signals are the host's: none of them shall be handled on our thread. */
static aurora_status start_thread(aurora__bridge *self)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_thread = pthread_create(&self->thread, NULL, aurora__bridge_run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->has_thread ? AURORA_OK : AURORA_ENOMEM;
}

static aurora_status fill(aurora__bridge *self, const aurora_payment_options *options,
                          const char *url)
{
    aurora_status rc = copy_text(self, url, &self->url);
    if (rc == AURORA_OK)
        rc = copy_text(self, options->secret, &self->secret);
    if (rc == AURORA_OK && options->ca_file[0] != '\0')
        rc = copy_text(self, options->ca_file, &self->ca_file);
    if (rc == AURORA_OK)
        rc = aurora__bridge_gate_init(self);
    if (rc != AURORA_OK)
        return rc;
    aurora__bridge_span_init(self);
    self->multi = curl_multi_init();
    if (self->multi == NULL)
        return AURORA_ENOMEM;
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->calls_max);
    return start_thread(self);
}

static aurora_status new_bridge(const aurora_payment_options *options, const char *url,
                                aurora__bridge **out)
{
    aurora__bridge *self = options->allocator->allocate(options->allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->allocator = *options->allocator;
    self->log = options->log;
    self->log_self = options->log_self;
    self->timeout_ms = options->timeout_ms;
    self->calls_max = options->calls_max;
    self->is_https = strncmp(url, "https:", 6) == 0;
    self->tracer = options->tracer;
    pthread_mutex_init(&self->lock, NULL);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        pthread_mutex_destroy(&self->lock);
        options->allocator->release(options->allocator->self, self);
        return AURORA_ENOMEM;
    }
    aurora_status rc = fill(self, options, url);
    if (rc == AURORA_OK)
        *out = self;
    else
        close_port(self);
    return rc;
}

static aurora_status check_keys(const aurora_payment_options *options, aurora_error *err)
{
    if (options->secret == NULL || options->secret[0] == '\0')
        return aurora__bridge_refuse(err, AURORA_EINVAL, "payment_secret",
                                     "is required: requests to the bridge are signed with it");
    if (options->ca_file[0] != '\0' && access(options->ca_file, R_OK) != 0)
        return aurora__bridge_refuse(err, AURORA_EINVAL, "payment_ca", "is no file to be read");
    return AURORA_OK;
}

aurora_status aurora__payment_http_open(const aurora_payment_options *options,
                                        aurora_payment_port *out, aurora_error *err)
{
    char url[AURORA__BRIDGE_URL_BYTES];
    aurora__bridge *self;
    aurora_status rc = aurora__bridge_address(options->url, url, err);
    if (rc == AURORA_OK)
        rc = check_keys(options, err);
    if (rc == AURORA_OK)
        rc = new_bridge(options, url, &self);
    if (rc == AURORA_OK)
        *out = (aurora_payment_port){.size = sizeof *out,
                                     .self = self,
                                     .start = begin,
                                     .query = begin,
                                     .close = close_port,
                                     .stop = stop,
                                     .breaker = read_breaker};
    return rc;
}
