/* SPDX-License-Identifier: MIT */
/* Runs one file of cases: runner [--file] FILE [CASE...]. Says which cases failed, at which step
 * and why. With --file every shop lies in a file, whatever its case says. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"

#define FORMAT 1

static const operation *const tables[] = {
    bucket_operations, limiter_operations, resilience_operations, sketch_operations,
    plain_operations,  table_operations,   shop_operations,       product_operations,
    stock_operations,  order_operations,   queue_operations,      event_operations,
    task_operations,   saga_operations,    store_operations,      search_operations,
};

/* --- things of a case ------------------------------------------------------------------------- */

void case_fail(case_run *run, const char *format, ...)
{
    if (run->why != NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&run->why, format, arguments) < 0)
        abort();
    va_end(arguments);
}

thing *case_thing(const case_run *run, const char *name)
{
    for (thing *at = run->things; at != NULL; at = at->next) {
        if (strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}

static void release_things(case_run *run)
{
    while (run->things != NULL) {
        thing *gone = run->things;
        run->things = gone->next;
        if (gone->release != NULL)
            gone->release(gone->object);
        cJSON_Delete(gone->result);
        free(gone->name);
        free(gone);
    }
}

static void *object_of(step *of, const thing *found, const char *name, const char *kind)
{
    if (found != NULL && found->object != NULL && strcmp(found->kind, kind) == 0)
        return found->object;
    case_fail(of->run, "%s is no %s", name, kind);
    return NULL;
}

void *step_on(step *of, const char *kind)
{
    return object_of(of, of->on, "`on`", kind);
}

void *step_object(step *of, const char *name, const char *kind)
{
    const cJSON *with = cJSON_GetObjectItemCaseSensitive(of->raw, "with");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(with, name));
    if (input_member(of, of->with, name) == NULL)
        return NULL;
    if (text == NULL) {
        case_fail(of->run, "%s is no name", name);
        return NULL;
    }
    return object_of(of, case_thing(of->run, text + (text[0] == '$')), name, kind);
}

void step_keep(step *of, const char *kind, void *object, void (*release)(void *object))
{
    of->kind = kind;
    of->object = object;
    of->release = release;
}

/* What was made is released with the case, named or not. */
static void keep(step *of, const char *as)
{
    if (as == NULL && of->object == NULL)
        return;
    thing *made = calloc(1, sizeof *made);
    made->name = strdup(as == NULL ? "" : as);
    made->kind = of->kind == NULL ? "" : of->kind;
    made->object = of->object;
    made->release = of->release;
    made->result = cJSON_Duplicate(of->gives, true);
    made->next = of->run->things;
    of->run->things = made;
}

/* --- steps ------------------------------------------------------------------------------------ */

static const operation *find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const operation *at = tables[i]; at->name != NULL; at++) {
            if (strcmp(at->name, name) == 0)
                return at;
        }
    }
    return NULL;
}

static void check_status(step *of, aurora_status rc, const cJSON *fails)
{
    const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(fails, "status"));
    const char *field = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(fails, "field"));
    if (fails == NULL && rc != AURORA_OK)
        case_fail(of->run, "fails with %s: %s: %s", status_word(rc), of->err.field,
                  of->err.message);
    if (fails == NULL)
        return;
    if (status == NULL)
        case_fail(of->run, "`fails` has no status");
    else if (strcmp(status_word(rc), status) != 0)
        case_fail(of->run, "gives %s (%s: %s), expected %s", status_word(rc), of->err.field,
                  of->err.message, status);
    else if (field != NULL && strcmp(field, of->err.field) != 0)
        case_fail(of->run, "blames \"%s\" (%s), expected \"%s\"", of->err.field, of->err.message,
                  field);
}

static void check_gives(step *of, const cJSON *gives)
{
    if (gives == NULL || of->run->why != NULL)
        return;
    cJSON *expected = input_resolve(of->run, gives);
    char *why = compare_values(of->run, expected, of->gives, "");
    if (why != NULL)
        case_fail(of->run, "%s", why);
    free(why);
    cJSON_Delete(expected);
}

static bool members_are_known(case_run *run, const cJSON *raw)
{
    static const char *const known[] = {"do", "on", "as", "with", "gives", "fails"};
    for (const cJSON *child = raw->child; child != NULL; child = child->next) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known = is_known || strcmp(known[i], child->string) == 0;
        if (!is_known)
            case_fail(run, "a step has no member %s", child->string);
    }
    return run->why == NULL;
}

static void run_step(case_run *run, const cJSON *raw)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(raw, "do"));
    const char *on = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(raw, "on"));
    const char *as = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(raw, "as"));
    const cJSON *with = cJSON_GetObjectItemCaseSensitive(raw, "with");
    const operation *todo = name == NULL ? NULL : find_operation(name);
    if (todo == NULL)
        case_fail(run, "there is no operation %s", name == NULL ? "without a name" : name);
    if (todo == NULL || !members_are_known(run, raw))
        return;

    step of = {.run = run, .raw = raw, .err = AURORA_ERROR_INIT, .gives = cJSON_CreateObject()};
    of.with = with == NULL ? cJSON_CreateObject() : input_resolve(run, with);
    of.on = on == NULL ? NULL : case_thing(run, on);
    if (run->why == NULL) {
        aurora_status rc = todo->run(&of);
        keep(&of, as);
        const char *unread = input_unread(of.with);
        if (unread != NULL)
            case_fail(run, "%s has no input %s", name, unread);
        check_status(&of, rc, cJSON_GetObjectItemCaseSensitive(raw, "fails"));
        check_gives(&of, cJSON_GetObjectItemCaseSensitive(raw, "gives"));
    }
    cJSON_Delete(of.with);
    cJSON_Delete(of.gives);
}

/* --- cases and files -------------------------------------------------------------------------- */

/* Whether each case holds, or with `is_broken` fails in its last step or in the audit behind it. */
typedef struct {
    bool is_shop;
    bool is_on_file;
    bool is_broken;
} manner;

static bool is_as_wanted(const case_run *run, const char *name, int number, const cJSON *steps,
                         const manner *how)
{
    bool is_last = number == cJSON_GetArraySize(steps);
    if (how->is_broken && run->why != NULL && is_last)
        return true;
    if (how->is_broken && run->why == NULL)
        printf("FAILED %s: passes, and must not\n", name);
    else if (run->why != NULL)
        printf("FAILED %s, step %d: %s\n", name, number, run->why);
    return !how->is_broken && run->why == NULL;
}

static bool run_case(const cJSON *which, const manner *how)
{
    case_run run = {.why = NULL};
    int number = 0;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(which, "name"));
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(which, "steps");
    const cJSON *verify = cJSON_GetObjectItemCaseSensitive(which, "verify");
    if (name == NULL || !cJSON_IsArray(steps) || steps->child == NULL)
        case_fail(&run, "a case has a name and steps");
    if (how->is_shop && run.why == NULL)
        shop_begin(&run, cJSON_GetObjectItemCaseSensitive(which, "open"), how->is_on_file);
    const cJSON *at = run.why == NULL ? steps->child : NULL;
    for (; at != NULL && run.why == NULL; at = at->next) {
        number++;
        run_step(&run, at);
    }
    release_things(&run);
    shop_end(&run, run.why == NULL && !cJSON_IsFalse(verify));
    bool is_good = is_as_wanted(&run, name == NULL ? "?" : name, number, steps, how);
    free(run.why);
    return is_good;
}

static bool is_wanted(const cJSON *which, char **names, int name_count)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(which, "name"));
    for (int i = 0; i < name_count; i++) {
        if (name != NULL && strcmp(name, names[i]) == 0)
            return true;
    }
    return name_count == 0;
}

static int run_file(const cJSON *file, char **names, int name_count, manner how)
{
    const cJSON *cases = cJSON_GetObjectItemCaseSensitive(file, "cases");
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(file, "format");
    const cJSON *minimum = cJSON_GetObjectItemCaseSensitive(file, "cases_min");
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "kind"));
    if (!cJSON_IsNumber(format) || format->valuedouble != FORMAT || kind == NULL) {
        printf("this is no file of format %d\n", FORMAT);
        return 1;
    }
    how.is_shop = strcmp(kind, "shop") == 0;
    int count = 0, failed = 0;
    for (const cJSON *at = cases == NULL ? NULL : cases->child; at != NULL; at = at->next) {
        if (!is_wanted(at, names, name_count))
            continue;
        count++;
        failed += !run_case(at, &how);
    }
    printf("%d cases, %d failed\n", count, failed);
    if (count == 0 || (name_count == 0 && count < (int)cJSON_GetNumberValue(minimum))) {
        printf("fewer cases than there should be\n");
        return 1;
    }
    return failed == 0 ? 0 : 1;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t capacity = 0;
    if (file == NULL)
        return NULL;
    /* No NUL stands in a file of JSON: all of it is one record. */
    ssize_t length = getdelim(&text, &capacity, '\0', file);
    fclose(file);
    if (length >= 0)
        return text;
    free(text);
    return NULL;
}

int main(int argc, char **argv)
{
    manner how = {.is_on_file = argc > 1 && strcmp(argv[1], "--file") == 0,
                  .is_broken = argc > 1 && strcmp(argv[1], "--broken") == 0};
    int at = how.is_on_file || how.is_broken ? 2 : 1;
    if (argc <= at) {
        fprintf(stderr, "usage: runner [--file | --broken] FILE [CASE...]\n");
        return 2;
    }
    char *text = read_file(argv[at]);
    cJSON *file = text == NULL ? NULL : cJSON_Parse(text);
    free(text);
    if (file == NULL) {
        printf("%s cannot be read as JSON\n", argv[at]);
        return 1;
    }
    int rc = run_file(file, argv + at + 1, argc - at - 1, how);
    cJSON_Delete(file);
    return rc;
}
