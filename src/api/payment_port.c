/* SPDX-License-Identifier: MIT */
/* A provider that is called in place of taking tasks: attached by the host, or opened from the
 * setting `payment` by a driver of the host's. */
#include "api/payment_port.h"

#include "api/check.h"
#include "api/drivers.h"
#include "api/refuse.h"
#include "engine/payments.h"
#include "engine/trace.h"

static aurora_status call_port(void *self, const aurora__payment_task *from)
{
    aurora_t *shop = self;
    const aurora_payment_port *port = &shop->payment;
    aurora_task task = {.size = sizeof task,
                        .kind = AURORA_TASK_PAYMENT,
                        .id = from->id,
                        .order_id = from->order_id,
                        .verb = from->verb,
                        .is_query = from->is_query,
                        .attempt = (uint32_t)from->attempt,
                        .amount_minor = from->amount_minor,
                        .currency = from->currency,
                        .payment_method = from->payment_method,
                        .authorize_id = from->authorize_id,
                        .provider_reference = from->provider_reference,
                        .customer_id = from->saga->customer_id,
                        .contact = from->saga->contact,
                        .traceparent = aurora__trace_clean(from->saga->traceparent),
                        .deadline_at_ms = from->saga->deadline_at,
                        .lease_at_ms = from->lease_at};
    return from->is_query ? port->query(port->self, shop, &task)
                          : port->start(port->self, shop, &task);
}

aurora_status aurora_payment_attach(aurora_t *shop, const aurora_payment_port *given)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora_payment_port port;
    rc = aurora__copy_sized(&port, sizeof port, given, NULL);
    if (rc == AURORA_OK && (port.start == NULL || port.query == NULL))
        rc = AURORA_EINVAL;
    if (rc == AURORA_OK && (atomic_load(&shop->has_payment) || atomic_load(&shop->has_orders)))
        rc = AURORA_ECONFLICT;
    if (rc == AURORA_OK) {
        shop->payment = port;
        rc = aurora__payments_drive(shop->engine, call_port, shop);
        if (rc == AURORA_OK)
            atomic_store(&shop->has_payment, true);
    }
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_payment_breaker(aurora_t *shop, aurora_breaker_figures *figures_out)
{
    if (figures_out == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    const aurora_payment_port *port = &shop->payment;
    if (atomic_load(&shop->has_payment) && port->breaker != NULL)
        port->breaker(port->self, figures_out);
    else
        rc = AURORA_ENOTSUP;
    aurora__handle_leave(shop);
    return rc;
}

/* --- from the setting ------------------------------------------------------------------------- */

static void log_payment(void *self, int32_t level, const char *message)
{
    aurora__handle_say(self, level, "payment", message);
}

aurora_status aurora__payment_port_open(aurora_t *shop, const aurora__settings *settings,
                                        const aurora_options *options, aurora_error *err)
{
    aurora_payment_open_fn open;
    aurora_payment_port port = {.size = sizeof port};
    aurora_payment_options payment = {
        .size = sizeof payment,
        .calls_max = (uint32_t)settings->payment_calls_max,
        .url = settings->payment_url,
        .secret = settings->payment_secret,
        .ca_file = settings->payment_ca,
        .timeout_ms = settings->payment_timeout_ms,
        .allocator = &shop->allocator,
        .log = log_payment,
        .log_self = shop,
        .tracer = shop->tracer.span == NULL ? NULL : &shop->tracer,
    };
    aurora_status rc = aurora__driver_find_payment(settings->payment_url, options->drivers,
                                                   options->driver_count, &open, err);
    if (rc == AURORA_OK)
        rc = open(&payment, &port, err);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__payments_drive(shop->engine, call_port, shop);
    if (rc != AURORA_OK) {
        if (port.close != NULL)
            port.close(port.self);
        return rc;
    }
    shop->payment = port; /* no call yet: nobody has the handle, and its worker has not begun */
    atomic_store(&shop->has_payment, true);
    return AURORA_OK;
}

void aurora__payment_port_stop(aurora_t *shop)
{
    if (!atomic_load(&shop->has_payment) || shop->payment.stop == NULL)
        return;
    aurora__payments_stop(shop->engine);
    shop->payment.stop(shop->payment.self);
}
