/* SPDX-License-Identifier: MIT */
#include "json_out.h"

#include <inttypes.h>
#include <string.h>

#include "time_text.h"

void ctl_json_init(ctl_json *json, FILE *file)
{
    memset(json, 0, sizeof *json);
    json->file = file;
}

static void write_quoted(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(file, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", file);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(file, "\\u%04x", *at);
        else
            fputc(*at, file);
    }
    fputc('"', file);
}

static void begin(ctl_json *json, const char *name)
{
    if (json->has_member[json->depth])
        fputc(',', json->file);
    json->has_member[json->depth] = true;
    if (name != NULL) {
        write_quoted(json->file, name);
        fputc(':', json->file);
    }
}

static void descend(ctl_json *json, const char *name, char opener, char closer)
{
    begin(json, name);
    fputc(opener, json->file);
    if (json->depth < CTL_JSON_DEPTH_MAX)
        json->depth++;
    json->has_member[json->depth] = false;
    json->closers[json->depth] = closer;
}

void ctl_json_object(ctl_json *json, const char *name)
{
    descend(json, name, '{', '}');
}

void ctl_json_array(ctl_json *json, const char *name)
{
    descend(json, name, '[', ']');
}

void ctl_json_end(ctl_json *json)
{
    fputc(json->closers[json->depth], json->file);
    json->depth--;
}

void ctl_json_text(ctl_json *json, const char *name, const char *text)
{
    begin(json, name);
    if (text == NULL)
        fputs("null", json->file);
    else
        write_quoted(json->file, text);
}

void ctl_json_name(ctl_json *json, const char *name, const char *constant)
{
    ctl_json_text(json, name, constant[0] == 0 ? NULL : constant);
}

void ctl_json_number(ctl_json *json, const char *name, int64_t number)
{
    begin(json, name);
    fprintf(json->file, "%" PRId64, number);
}

void ctl_json_bool(ctl_json *json, const char *name, bool value)
{
    begin(json, name);
    fputs(value ? "true" : "false", json->file);
}

void ctl_json_time(ctl_json *json, const char *name, int64_t at_ms)
{
    char text[CTL_TIME_BYTES];
    ctl_json_text(json, name, at_ms == 0 ? NULL : ctl_time_format(at_ms, text));
}

void ctl_json_id(ctl_json *json, const char *name, aurora_id id)
{
    static const aurora_id none;
    char text[AURORA_ID_TEXT_BYTES];
    aurora_id_format(id, text);
    ctl_json_text(json, name, aurora_id_is_equal(id, none) ? NULL : text);
}

void ctl_json_raw(ctl_json *json, const char *name, const char *text, size_t length)
{
    begin(json, name);
    fwrite(text, 1, length, json->file);
}

void ctl_json_finish(ctl_json *json)
{
    fputc('\n', json->file);
    json->has_member[0] = false;
}
