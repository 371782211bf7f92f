/* SPDX-License-Identifier: MIT */
/* One step of a case while it runs: its inputs, the objects of its case, and what it gives. The
 * format is told in README.md. Not the place of any operation. */
#ifndef AURORA_TESTS_CONFORMANCE_STEP_H
#define AURORA_TESTS_CONFORMANCE_STEP_H

#include <aurora/aurora.h>
#include <aurora/testing.h>
#include <cjson/cJSON.h>
#include <stdio.h>

/* What a name of a case stands for. */
typedef struct thing {
    struct thing *next;
    char *name;
    const char *kind; /* "bucket", "order", ...; the operation that made it says */
    void *object;     /* NULL = only a result */
    void (*release)(void *object);
    cJSON *result;
} thing;

/* The shop of a case; all zero in cases of parts. */
typedef struct {
    aurora_t *handle;
    char folder[64]; /* "" = none was needed yet */
    char url[128];
    const cJSON *open; /* the case's, may be NULL */
    aurora_manual_clock manual;
    aurora_clock clock;
} case_shop;

typedef struct {
    case_shop shop;
    thing *things;
    char *why; /* of the first failure; NULL = none */
} case_run;

typedef struct {
    case_run *run;
    const cJSON *raw; /* the step as the file has it */
    cJSON *with;      /* a copy with references replaced; what was read is marked */
    thing *on;
    cJSON *gives; /* an object */
    aurora_error err;
    /* What is kept under the name of `as`. */
    const char *kind;
    void *object;
    void (*release)(void *object);
} step;

/* Returns the status of the call; whatever it gives goes into of->gives. */
typedef struct {
    const char *name;
    aurora_status (*run)(step *of);
} operation;

/* Tables end with a row without name. */
extern const operation bucket_operations[], limiter_operations[], resilience_operations[],
    sketch_operations[], plain_operations[], table_operations[], shop_operations[],
    product_operations[], stock_operations[], order_operations[], queue_operations[],
    event_operations[], task_operations[], saga_operations[], store_operations[],
    search_operations[];

/* Ends the case as failed, unless it has failed before. */
void case_fail(case_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The thing of a name, NULL when there is none. */
thing *case_thing(const case_run *run, const char *name);

/* The object that the step works on; the case fails where it is none of this kind, and the result
 * is NULL. */
void *step_on(step *of, const char *kind);

/* The same for one that member `name` of `with` names, with or without a `$`; NULL without failure
 * where the member is absent. */
void *step_object(step *of, const char *name, const char *kind);

/* Keeps what the step made: `object` is released at the end of the case. */
void step_keep(step *of, const char *kind, void *object, void (*release)(void *object));

/* --- inputs: members of an object, marked as read; `from` NULL = absent ----------------------- */

const cJSON *input_member(step *of, cJSON *from, const char *name);
int64_t input_int(step *of, cJSON *from, const char *name, int64_t otherwise);
uint64_t input_uint(step *of, cJSON *from, const char *name, uint64_t otherwise);
uint32_t input_u32(step *of, cJSON *from, const char *name);
int32_t input_i32(step *of, cJSON *from, const char *name);
double input_double(step *of, cJSON *from, const char *name);
bool input_bool(step *of, cJSON *from, const char *name);
const char *input_text(step *of, cJSON *from, const char *name);
aurora_id input_id(step *of, cJSON *from, const char *name);

/* The array of that name, NULL when it is absent; its size. */
cJSON *input_array(step *of, cJSON *from, const char *name, uint32_t *count_out);

/* An enumerator by its text, from 1 in the order of `names`, which end with NULL; a number is taken
 * as it is, absent is 0. */
int32_t input_enum(step *of, cJSON *from, const char *name, const char *const *names);

/* The same by a function that names values from 1 to 64. */
int32_t input_named(step *of, cJSON *from, const char *name, const char *(*name_of)(int32_t));

/* Memory that lives as long as the inputs. Never NULL. */
void *input_memory(step *of, size_t bytes);

/* Bytes from hex digits, or NULL when absent. */
uint8_t *input_bytes(step *of, cJSON *from, const char *name, size_t *len_out);

/* The first member that nothing read, as text; NULL when all were. */
const char *input_unread(const cJSON *with);

/* A copy of `node` with references and repeats replaced; the case fails for one that leads
 * nowhere. */
cJSON *input_resolve(case_run *run, const cJSON *node);

/* --- what a step gives ------------------------------------------------------------------------ */

void give_int(cJSON *to, const char *name, int64_t value);
void give_uint(cJSON *to, const char *name, uint64_t value);
void give_double(cJSON *to, const char *name, double value);
void give_bool(cJSON *to, const char *name, bool value);
void give_text(cJSON *to, const char *name, const char *text);  /* NULL = null */
void give_named(cJSON *to, const char *name, const char *text); /* "" = null */
void give_id(cJSON *to, const char *name, const aurora_id *id); /* all zero = null */
void give_bytes(cJSON *to, const char *name, const void *bytes, size_t len);
void give_status(cJSON *to, const char *name, aurora_status status);

/* Names from 1 in the order of `names`; null for 0, the number for any other. */
void give_enum(cJSON *to, const char *name, int32_t value, const char *const *names);

/* A new array under that name; give_item adds an object to it. */
cJSON *give_array(cJSON *to, const char *name);
cJSON *give_item(cJSON *array);

/* "EINVAL" */
const char *status_word(aurora_status status);

/* Compares as README.md says; NULL, or why not, in memory of the caller. */
char *compare_values(case_run *run, const cJSON *expected, const cJSON *actual, const char *place);

/* --- shops ------------------------------------------------------------------------------------ */

/* Opens the shop of a case; the case fails where that fails. is_on_file: whatever `open` says. */
void shop_begin(case_run *run, const cJSON *open, bool is_on_file);

/* Opens run->shop.url with these settings, NULL = none. */
aurora_status shop_open(case_run *run, const cJSON *settings, aurora_error *err);

/* Where a file of that name lies in the folder of the case. */
void shop_path(case_run *run, const char *name, char *path_out, size_t size);

/* Verifies unless the case says no, closes and cleans up. */
void shop_end(case_run *run, bool is_verified);

/* --- shared by operations --------------------------------------------------------------------- */

void give_figures(cJSON *to, const aurora_breaker_figures *figures);
void give_product(cJSON *to, const aurora_product *product);
void give_stock(cJSON *to, const aurora_stock *stock);
void give_order(cJSON *to, const aurora_order *order);
void give_parked(cJSON *to, const char *name, uint32_t parked);

/* Gives the order and keeps it: what an operation that answers with one ends with. */
void keep_order(step *of, aurora_order *order);

/* Lines with or without prices; the pointer lives as long as the inputs. */
const aurora_line *input_lines(step *of, cJSON *from, uint32_t *count_out);
const aurora_pair *input_pairs(step *of, cJSON *from, const char *name, uint32_t *count_out);

/* A request with all it points to, in the memory of the inputs. */
const aurora_order_request *input_request(step *of, cJSON *from);

#endif
