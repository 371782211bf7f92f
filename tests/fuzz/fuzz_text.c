/* SPDX-License-Identifier: MIT */
/* Can a text of a field hurt us? Any bytes as a time, an address, a percent-encoded or base64 text,
 * scopes, an id, a value of the settings' table, an Accept field, a line of log with secrets, a
 * mailbox. What is taken and can be written is written and taken again as the same. The first byte
 * says which. */
#include <stdlib.h>
#include <string.h>

#include <aurora/aurora.h>

#include "adapters/notifier_smtp/smtp.h"
#include "codec/time_text.h"
#include "http/base64url.h"
#include "http/client_address.h"
#include "http/cors.h"
#include "http/media_type.h"
#include "http/percent.h"
#include "http/signature.h"
#include "http/time_text.h"
#include "http/utf8.h"
#include "service/log_redact.h"

static void read_time(const char *text, size_t len)
{
    int64_t stored = 0, asked = 0, again = 0;
    char written[AURORA__HTTP_TIME_BYTES], rendered[AURORA__TIME_TEXT_BYTES];
    (void)len;
    bool is_stored = aurora__time_parse(text, &stored);
    bool is_asked = aurora__http_time_read(text, &asked);
    if (is_asked) {
        aurora__http_time_write_ms(asked, written);
        if (!aurora__http_time_read(written, &again) || again != asked)
            abort();
    }
    if (is_stored) {
        aurora__time_format(stored, rendered);
        if (!aurora__time_parse(rendered, &again) || again != stored)
            abort();
    }
    if (is_stored && is_asked && stored != asked)
        abort();
}

static void read_address(const char *text, size_t len)
{
    aurora_http_address address, again;
    char written[AURORA_HTTP_ADDRESS_TEXT_BYTES];
    if (!aurora_http_address_parse(text, len, &address))
        return;
    aurora_http_address_write(&address, written);
    if (!aurora_http_address_parse(written, strlen(written), &again) ||
        memcmp(&address, &again, sizeof again) != 0)
        abort();
    (void)aurora_http_address_client(&address);
}

static void read_percent(const char *text, size_t len)
{
    char *decoded = malloc(len + 1), *encoded = malloc(3 * len + 1);
    char *again = malloc(3 * len + 1);
    if (decoded == NULL || encoded == NULL || again == NULL)
        abort();
    if (aurora__percent_decode(text, len, (len & 1) != 0, decoded)) {
        if (!aurora__utf8_is_text(decoded, strlen(decoded)) ||
            !aurora__percent_encode(decoded, encoded, 3 * len + 1) ||
            !aurora__percent_decode(encoded, strlen(encoded), false, again) ||
            strcmp(again, decoded) != 0)
            abort();
    }
    free(again);
    free(encoded);
    free(decoded);
}

static void read_base64url(const char *text, size_t len)
{
    uint8_t *bytes = malloc(len * 3 / 4 + 1);
    size_t bytes_len = 0;
    if (bytes == NULL)
        abort();
    if (aurora__base64url_read(text, len, bytes, &bytes_len)) {
        char *written = malloc(AURORA__BASE64URL_BYTES(bytes_len));
        if (written == NULL)
            abort();
        aurora__base64url_write(bytes, bytes_len, written);
        if (strlen(written) != len || memcmp(written, text, len) != 0)
            abort();
        free(written);
    }
    free(bytes);
}

static void read_scopes(const char *text, size_t len)
{
    uint32_t scopes = 0, again = 0;
    char written[160];
    (void)len;
    if (!aurora_scopes_parse(text, &scopes))
        return;
    aurora_scopes_write(scopes, written);
    if (!aurora_scopes_parse(written, &again) || again != scopes)
        abort();
}

static void read_id(const char *text, size_t len)
{
    aurora_id id, again;
    char written[AURORA_ID_TEXT_BYTES];
    (void)len;
    if (aurora_id_parse(text, &id) != AURORA_OK)
        return;
    aurora_id_format(id, written);
    if (aurora_id_parse(written, &again) != AURORA_OK || !aurora_id_is_equal(id, again))
        abort();
}

static void read_setting(const char *text, size_t len)
{
    uint32_t count;
    const aurora_setting_info *table = aurora_setting_table(&count);
    const char *equals = strchr(text, '=');
    aurora_error err = AURORA_ERROR_INIT;
    int64_t number = 0;
    (void)len;
    (void)aurora_setting_nearest(text);
    const aurora_setting_info *info =
        equals == NULL ? NULL : aurora_setting_find(text, (size_t)(equals - text));
    if (info == NULL)
        info = &table[(uint8_t)text[0] % count];
    bool is_number = info->kind == AURORA_SETTING_DURATION || info->kind == AURORA_SETTING_INTEGER;
    if (aurora_setting_parse(info, equals == NULL ? text : equals + 1, &number, &err) !=
        AURORA_OK) {
        if (strcmp(err.field, info->name) != 0 || err.message[0] == '\0')
            abort();
    } else if (is_number && (number < info->minimum || number > info->maximum)) {
        abort();
    }
}

static void read_accept(const char *text, size_t len)
{
    (void)len;
    const char *type = aurora_metric_content_type(aurora_metric_format(text));
    if (type == NULL || type[0] == '\0')
        abort();
    (void)aurora__media_type_is_json(text);
}

/* No letter more than the text with each word replaced. */
static void read_secrets(const char *text, size_t len)
{
    size_t capacity = 16 * len + 16;
    char *redacted = malloc(capacity), *again = malloc(capacity);
    if (redacted == NULL || again == NULL)
        abort();
    aurora__log_redact(text, redacted, capacity);
    aurora__log_redact(redacted, again, capacity);
    if (!aurora__log_redact_is_needed(text, strlen(text)) && strcmp(redacted, text) != 0)
        abort();
    aurora__log_redact(text, again, 5);
    if (strlen(again) > 4)
        abort();
    free(again);
    free(redacted);
}

static void read_mailbox(const char *text, size_t len)
{
    (void)len;
    if (aurora__smtp_is_mailbox(text) && strpbrk(text, "\r\n\",;<> ") != NULL)
        abort();
}

static void read_origins(const char *text, size_t len)
{
    const char *rule = NULL;
    (void)len;
    if (!aurora_cors_check(text, &rule)) {
        if (rule == NULL)
            abort();
        return;
    }
    aurora__cors *cors = aurora__cors_new(text, NULL);
    if (cors != NULL) {
        (void)aurora__cors_find(cors, "https://shop.example");
        (void)aurora__cors_find(cors, text);
    }
    aurora__cors_free(cors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t len) = {
        read_time,    read_address, read_percent, read_base64url, read_scopes, read_id,
        read_setting, read_accept,  read_secrets, read_mailbox,   read_origins};
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof readers / sizeof *readers)](text, size - 1);
    free(text);
    return 0;
}
