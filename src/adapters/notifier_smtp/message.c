/* SPDX-License-Identifier: MIT */
/* RFC 5322 with MIME: a header field holds nothing but ASCII that we wrote, ids, and mailboxes that
 * were checked; what people wrote stands in the body alone. */
#include "adapters/notifier_smtp/smtp.h"
#include "adapters/sender/sender.h"

#include <aurora/order.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_LEN 72 /* of quoted-printable, and "=" behind it */

typedef struct {
    aurora__sender_text text;
    size_t column; /* of the body's line */
} writer;

static void put_field(writer *out, const char *name, const char *value)
{
    aurora__sender_word(&out->text, name);
    aurora__sender_word(&out->text, ": ");
    aurora__sender_word(&out->text, value);
    aurora__sender_word(&out->text, "\r\n");
}

/* --- the body: quoted-printable (RFC 2045, section 6.7) --------------------------------------- */

static void put_body(writer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char escaped[8];
        uint8_t byte = (uint8_t)*text;
        /* A blank may not end a line, nor a dot begin one for careless servers. */
        bool is_plain =
            byte > 0x20 && byte < 0x7f && byte != '=' && !(byte == '.' && out->column == 0);
        is_plain = is_plain || (byte == ' ' && text[1] != '\0' && out->column > 0);
        int len = is_plain ? snprintf(escaped, sizeof escaped, "%c", byte)
                           : snprintf(escaped, sizeof escaped, "=%02X", byte);
        if (out->column + (size_t)len > LINE_MAX_LEN) {
            aurora__sender_word(&out->text, "=\r\n");
            out->column = 0;
        }
        aurora__sender_put(&out->text, escaped, (size_t)len);
        out->column += (size_t)len;
    }
}

static void put_line(writer *out, const char *text)
{
    put_body(out, text);
    aurora__sender_word(&out->text, "\r\n");
    out->column = 0;
}

static void put_fact(writer *out, const char *name, const char *value)
{
    char line[320]; /* values have 255 bytes at most */
    if (value == NULL || value[0] == '\0')
        return;
    snprintf(line, sizeof line, "%s: %s", name, value);
    put_line(out, line);
}

/* --- what it says ----------------------------------------------------------------------------- */

static const char *outcome_of(int32_t kind)
{
    static const char *const words[] = {"has changed", "is complete", "has failed",
                                        "was cancelled"};
    return words[kind >= 1 && kind <= 3 ? kind : 0];
}

/* How many digits a currency has behind the point (ISO 4217); 2 for most. */
static int minor_digits(const char *currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    if (currency == NULL || strlen(currency) != 3)
        return 2;
    return strstr(none, currency) != NULL ? 0 : strstr(three, currency) != NULL ? 3 : 2;
}

static void write_amount(const aurora_task *task, char *out, size_t capacity)
{
    int digits = minor_digits(task->currency);
    int64_t unit = digits == 0 ? 1 : digits == 2 ? 100 : 1000;
    const char *currency = task->currency == NULL ? "" : task->currency;
    int64_t amount = task->amount_minor < 0 ? 0 : task->amount_minor;
    if (digits == 0)
        snprintf(out, capacity, "%" PRId64 " %.8s", amount, currency);
    else
        snprintf(out, capacity, "%" PRId64 ".%0*" PRId64 " %.8s", amount / unit, digits,
                 amount % unit, currency);
}

/* English names whatever the host's locale is. */
static void write_date(int64_t now_s, char out[64])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm parts = {0};
    time_t at = (time_t)now_s;
    gmtime_r(&at, &parts);
    snprintf(out, 64, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[parts.tm_wday % 7],
             parts.tm_mday, months[parts.tm_mon % 12], parts.tm_year + 1900, parts.tm_hour,
             parts.tm_min, parts.tm_sec);
}

static void put_headers(writer *out, const aurora_task *task, const char *from, const char *to,
                        int64_t now_s)
{
    char id[AURORA_ID_TEXT_BYTES], text[512];
    write_date(now_s, text);
    put_field(out, "Date", text);
    put_field(out, "From", from);
    put_field(out, "To", to);
    aurora_id_format(task->order_id, id);
    snprintf(text, sizeof text, "Your order %s %s", id, outcome_of(task->notification_kind));
    put_field(out, "Subject", text);
    /* The same at each attempt, so that a second copy can be told by it. */
    snprintf(text, sizeof text, "<%s.%s@%s>", id, aurora_notification_name(task->notification_kind),
             strchr(from, '@') + 1);
    put_field(out, "Message-ID", text);
    put_field(out, "Auto-Submitted", "auto-generated");
    put_field(out, "MIME-Version", "1.0");
    put_field(out, "Content-Type", "text/plain; charset=utf-8");
    put_field(out, "Content-Transfer-Encoding", "quoted-printable");
    aurora__sender_word(&out->text, "\r\n");
}

size_t aurora__smtp_message(const aurora_task *task, const char *from, const char *to,
                            int64_t now_s, char text_out[AURORA__SMTP_MESSAGE_BYTES])
{
    char id[AURORA_ID_TEXT_BYTES], amount[64], text[64];
    writer out = {.text = {.at = text_out, .capacity = AURORA__SMTP_MESSAGE_BYTES}};
    aurora_id_format(task->order_id, id);
    write_amount(task, amount, sizeof amount);
    put_headers(&out, task, from, to, now_s);
    snprintf(text, sizeof text, "Your order %s.", outcome_of(task->notification_kind));
    put_line(&out, text);
    put_line(&out, "");
    put_fact(&out, "Order", id);
    put_fact(&out, "Customer", task->customer_id);
    put_fact(&out, "Total", amount);
    put_fact(&out, "Reason", task->reason == 0 ? NULL : aurora_reason_name(task->reason));
    put_fact(&out, "Payment answer", task->decline_code);
    return out.text.is_full ? 0 : out.text.len;
}
