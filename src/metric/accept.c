/* SPDX-License-Identifier: MIT */
/* Which format an Accept field asks for. What cannot be read in it counts as not said: a server of
 * metrics answers with something rather than with 406. */
#include <string.h>

#include <aurora/metric.h>

/* Weights are in thousandths. -1 = no range that matches. A closer range wins over a wider one. */
typedef struct {
    int32_t weight;
    int32_t closeness;
} weight_of;

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static bool is_word(const char *at, size_t length, const char *word)
{
    if (strlen(word) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char lower = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] + 32) : at[i];
        if (lower != word[i])
            return false;
    }
    return true;
}

/* "1", "0.5", "0.333" in thousandths. */
static int32_t read_weight(const char *at)
{
    int32_t weight = *at == '1' ? 1000 : 0;
    int32_t place = 100;
    if ((*at != '0' && *at != '1') || at[1] != '.')
        return weight;
    for (at += 2; *at >= '0' && *at <= '9' && place > 0; at++, place /= 10)
        weight += (*at - '0') * place;
    return weight > 1000 ? 1000 : weight;
}

/* A parameter's value as text without quotes; only versions and weights are looked at. */
typedef struct {
    int32_t weight;
    bool is_other_version; /* than the one that we would write */
} parameters;

static bool is_version(const char *value, size_t length, bool is_open)
{
    if (length >= 2 && value[0] == '"') {
        value++;
        length -= 2;
    }
    return is_word(value, length, is_open ? "1.0.0" : "0.0.4") ||
           (is_open && is_word(value, length, "1.0"));
}

/* From behind a range's type on; returns the end of the range. */
static const char *read_parameters(const char *at, bool is_open, parameters *out)
{
    *out = (parameters){.weight = 1000};
    for (at = skip_blanks(at); *at == ';'; at = skip_blanks(at)) {
        at = skip_blanks(at + 1);
        size_t name_length = strcspn(at, "=;, \t");
        const char *name = at;
        at += name_length;
        if (*at != '=')
            continue;
        const char *value = ++at;
        at += *at == '"' ? 1 + strcspn(at + 1, "\"") : strcspn(at, ";, \t");
        at += *at == '"' ? 1 : 0;
        if (is_word(name, name_length, "q"))
            out->weight = read_weight(value);
        else if (is_word(name, name_length, "version"))
            out->is_other_version = !is_version(value, (size_t)(at - value), is_open);
    }
    return at + strcspn(at, ",");
}

static int32_t closeness_of(const char *type, size_t length, bool is_open)
{
    if (is_word(type, length, is_open ? "application/openmetrics-text" : "text/plain"))
        return 3;
    if (is_word(type, length, is_open ? "application/*" : "text/*"))
        return 2;
    return is_word(type, length, "*/*") ? 1 : 0;
}

/* What a field says of one format: the weight of the closest range, of equally close ones the
 * highest. */
static weight_of weigh(const char *accept, bool is_open)
{
    weight_of best = {.weight = -1};
    for (const char *at = skip_blanks(accept); *at != '\0';) {
        parameters of;
        size_t length = strcspn(at, ";, \t");
        int32_t closeness = closeness_of(at, length, is_open);
        at = read_parameters(at + length, is_open, &of);
        if (closeness > 0 && !of.is_other_version &&
            (closeness > best.closeness ||
             (closeness == best.closeness && of.weight > best.weight)))
            best = (weight_of){of.weight, closeness};
        at = skip_blanks(at + (*at == ','));
    }
    return best;
}

int32_t aurora_metric_format(const char *accept)
{
    if (accept == NULL)
        return AURORA_METRIC_FORMAT_PROMETHEUS;
    weight_of open = weigh(accept, true);
    weight_of plain = weigh(accept, false);
    /* Named itself: a browser's or curl's wild card asks for nothing in particular. */
    if (open.closeness == 3 && open.weight > 0 && open.weight >= plain.weight)
        return AURORA_METRIC_FORMAT_OPENMETRICS;
    return AURORA_METRIC_FORMAT_PROMETHEUS;
}

const char *aurora_metric_content_type(int32_t format)
{
    return format == AURORA_METRIC_FORMAT_PROMETHEUS ? "text/plain; version=0.0.4; charset=utf-8"
           : format == AURORA_METRIC_FORMAT_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "";
}
