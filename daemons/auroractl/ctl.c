/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "time_text.h"

int ctl_refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("auroractl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return CTL_UNSURE;
}

static bool is_a_no(aurora_status status)
{
    switch (status) {
    case AURORA_ENOTFOUND:
    case AURORA_ECONFLICT:
    case AURORA_EGONE:
    case AURORA_EKEYREUSED:
    case AURORA_EUNKNOWNSKU:
    case AURORA_ECURRENCY:
    case AURORA_ETAKEN:
    case AURORA_EVERSION:
    case AURORA_EFINAL:
    case AURORA_EPARKED:
    case AURORA_EINSUFFICIENT:
    case AURORA_EEXPIRED:
        return true;
    default:
        return false;
    }
}

int ctl_fail(aurora_status status, const aurora_error *err, const char *what)
{
    const char *message = aurora_status_text(status);
    const char *field = "";
    if (err != NULL && err->status == status) {
        field = err->field;
        if (err->message[0] != 0)
            message = err->message;
    }
    ctl_refuse("%s: %s%s%s", what, field, field[0] == 0 ? "" : ": ", message);
    return is_a_no(status) ? CTL_NO : CTL_UNSURE;
}

bool ctl_number_parse(const char *text, int64_t minimum, int64_t maximum, int64_t *out)
{
    if (text[0] == 0 || strspn(text + (text[0] == '-'), "0123456789") == 0)
        return false;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != 0 || number < minimum || number > maximum)
        return false;
    *out = number;
    return true;
}

bool ctl_value_number(const ctl *run, int option, int64_t minimum, int64_t maximum, int64_t *out)
{
    const char *text = run->values[option];
    if (text == NULL || ctl_number_parse(text, minimum, maximum, out))
        return true;
    ctl_refuse("%s: must be a number from %" PRId64 " to %" PRId64 ", is '%s'",
               ctl_option_usage(option), minimum, maximum, text);
    return false;
}

bool ctl_value_time(const ctl *run, int option, int64_t *ms_out)
{
    const char *text = run->values[option];
    if (text == NULL || ctl_time_parse(text, ms_out))
        return true;
    ctl_refuse("%s: '%s' is no time; write 2011-01-31 or 2011-01-31T08:26:00Z (UTC)",
               ctl_option_usage(option), text);
    return false;
}

bool ctl_value_duration(const ctl *run, int option, int64_t *ms_out)
{
    static const aurora_setting_info rule = {.name = "duration",
                                             .kind = AURORA_SETTING_DURATION,
                                             .default_text = "",
                                             .maximum = INT64_C(3650) * 86400000,
                                             .help = ""};
    const char *text = run->values[option];
    if (text == NULL || aurora_setting_parse(&rule, text, ms_out, NULL) == AURORA_OK)
        return true;
    ctl_refuse("%s: '%s' is no duration; write 250ms, 5s, 5m, 24h or 7d", ctl_option_usage(option),
               text);
    return false;
}

bool ctl_operand_id(const ctl *run, uint32_t index, aurora_id *id_out)
{
    if (aurora_id_parse(run->operands[index], id_out) == AURORA_OK)
        return true;
    ctl_refuse("'%s' is no order id; an id has 36 characters, and 'auroractl orders list "
               "--reference' finds it by your number",
               run->operands[index]);
    return false;
}

bool ctl_operand_number(const ctl *run, uint32_t index, int64_t minimum, int64_t maximum,
                        int64_t *out)
{
    if (ctl_number_parse(run->operands[index], minimum, maximum, out))
        return true;
    ctl_refuse("'%s' must be a number from %" PRId64 " to %" PRId64, run->operands[index], minimum,
               maximum);
    return false;
}
