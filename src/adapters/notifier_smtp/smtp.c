/* SPDX-License-Identifier: MIT */
#include "adapters/notifier_smtp/smtp.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/sender/sender.h"

#define TIMEOUT_MS 20000

typedef struct {
    aurora_allocator allocator;
    aurora__sender *sender;
    aurora__smtp_address address;
} smtp;

/* One message on its way. */
typedef struct {
    char text[AURORA__SMTP_MESSAGE_BYTES];
    size_t len;
    size_t sent;
    bool is_ended; /* libcurl was told that this is all: the server may have all of it */
} mail;

static size_t give_text(char *bytes, size_t size, size_t count, void *argument)
{
    mail *own = argument;
    size_t len = own->len - own->sent;
    if (len > size * count)
        len = size * count;
    memcpy(bytes, own->text + own->sent, len);
    own->sent += len;
    own->is_ended = own->is_ended || len == 0;
    return len;
}

static bool set_options(const smtp *self, CURL *easy, mail *own, struct curl_slist *to)
{
    const aurora__smtp_address *address = &self->address;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_text);
    curl_easy_setopt(easy, CURLOPT_READDATA, own);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_FROM, address->from) == CURLE_OK &&
           (!address->needs_starttls ||
            curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL) == CURLE_OK) &&
           (!address->has_user ||
            (curl_easy_setopt(easy, CURLOPT_USERNAME, address->user) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_PASSWORD, address->password) == CURLE_OK)) &&
           curl_easy_setopt(easy, CURLOPT_URL, address->url) == CURLE_OK;
}

/* The last reply decides. 354 asked for the text: once all of that may be there and no other reply
 * came, nobody knows. A 5xx is final for the mail, its sender or its recipient; a greeting, a login
 * or TLS that is refused is our own mistake, and no reason to give a customer up. */
static void judge(const mail *own, CURL *easy, CURLcode code, const aurora_task *task,
                  aurora__sender_result *result)
{
    long reply = 0;
    char why[AURORA__SENDER_WHY_BYTES], decline[AURORA__SENDER_CODE_BYTES];
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    snprintf(why, sizeof why, "%s (SMTP %ld)", curl_easy_strerror(code), reply);
    if (code == CURLE_OK) {
        result->outcome = AURORA_OUTCOME_DONE;
    } else if (own->is_ended && reply < 400) {
        result->outcome = AURORA_OUTCOME_UNKNOWN;
        snprintf(result->why, sizeof result->why, "it may have been sent: %.130s", why);
    } else if (reply >= 500 && reply != 530 && (own->is_ended || code == CURLE_SEND_ERROR)) {
        snprintf(decline, sizeof decline, "smtp_%ld", reply);
        aurora__sender_decline(result, decline, why);
    } else {
        aurora__sender_again(task, 0, result, why);
    }
}

static void send_mail(void *argument, CURL *easy, const aurora_task *task,
                      aurora__sender_result *result)
{
    const smtp *self = argument;
    mail own = {.len = 0};
    const char *to = self->address.to[0] != '\0' ? self->address.to : task->contact;
    if (to == NULL || !aurora__smtp_is_mailbox(to)) {
        aurora__sender_decline(result, to == NULL ? "no_contact" : "bad_contact",
                               to == NULL ? "the order has no contact"
                                          : "the order's contact is no single mailbox");
        return;
    }
    own.len = aurora__smtp_message(task, self->address.from, to, (int64_t)time(NULL), own.text);
    if (own.len == 0) {
        aurora__sender_decline(result, "too_large", "its texts are too long");
        return;
    }
    struct curl_slist *list = curl_slist_append(NULL, to);
    if (list == NULL || !set_options(self, easy, &own, list))
        aurora__sender_again(task, 0, result, "out of memory");
    else
        judge(&own, easy, curl_easy_perform(easy), task, result);
    curl_slist_free_all(list);
}

/* --- the port --------------------------------------------------------------------------------- */

static uint32_t room(void *argument)
{
    return aurora__sender_room(((smtp *)argument)->sender);
}

static aurora_status start(void *argument, aurora_t *shop, const aurora_task *task)
{
    return aurora__sender_start(((smtp *)argument)->sender, shop, task);
}

static void stop(void *argument)
{
    aurora__sender_stop(((smtp *)argument)->sender);
}

static void breaker(void *argument, aurora_breaker_figures *figures_out)
{
    aurora__sender_breaker(((smtp *)argument)->sender, figures_out);
}

static void close_smtp(void *argument)
{
    smtp *self = argument;
    aurora__sender_free(self->sender);
    OPENSSL_cleanse(&self->address, sizeof self->address);
    aurora_allocator allocator = self->allocator;
    allocator.release(allocator.self, self);
}

aurora_status aurora__smtp_open(const aurora_notifier_options *options, aurora_notifier_port *out,
                                aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    smtp *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->allocator = *allocator;
    aurora_status rc = aurora__smtp_address_read(options->url, &self->address, err);
    if (rc == AURORA_OK && options->ca_file != NULL && options->ca_file[0] != '\0' &&
        access(options->ca_file, R_OK) != 0)
        rc = aurora__sender_refuse(err, AURORA_EINVAL, "notify_ca", "is no file to be read");
    if (rc == AURORA_OK)
        rc = aurora__sender_new(
            &(aurora__sender_options){
                .self = self, .send = send_mail, .timeout_ms = TIMEOUT_MS, .options = options},
            &self->sender);
    if (rc != AURORA_OK) {
        close_smtp(self);
        return rc;
    }
    *out = (aurora_notifier_port){
        .size = sizeof *out,
        .flags = self->address.to[0] != '\0' ? 0u : AURORA_NOTIFIER_NEEDS_CONTACT,
        .self = self,
        .room = room,
        .start = start,
        .stop = stop,
        .close = close_smtp,
        .breaker = breaker};
    return AURORA_OK;
}
