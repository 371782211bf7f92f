/* SPDX-License-Identifier: MIT */
/* What every file of auroractl shares: one run of the program, its exit statuses, and how a store
 * is opened and a failure told. Not the place for any noun. */
#ifndef AURORACTL_CTL_H
#define AURORACTL_CTL_H

#include <aurora/aurora.h>

/* Exit statuses: the answer is yes, the answer is no, there is no answer. */
enum {
    CTL_YES = 0,
    CTL_NO = 1,    /* a violation, not found, the state does not allow it */
    CTL_UNSURE = 2 /* usage, unreachable, damaged */
};

/* Options of the program itself; settings of the library come on top of them. */
enum {
    CTL_STORE,
    CTL_URL,
    CTL_JSON,
    CTL_FORMAT,
    CTL_STOCK,
    CTL_UNTIL,
    CTL_RETURNS,
    CTL_AT_REST,
    CTL_STATUS,
    CTL_CUSTOMER,
    CTL_REFERENCE,
    CTL_FROM,
    CTL_TO,
    CTL_LIMIT,
    CTL_CURSOR,
    CTL_CATEGORY,
    CTL_KEY,
    CTL_REASON,
    CTL_NOTE,
    CTL_ACTOR,
    CTL_PARKED,
    CTL_PARTICIPANT,
    CTL_RESULT,
    CTL_AGE,
    CTL_BELOW,
    CTL_AFTER,
    CTL_FOLLOW,
    CTL_CONSUMER,
    CTL_TIMEOUT,
    CTL_RETRY_FOR,
    CTL_SERVICE_SECRET,
    CTL_CA,
    CTL_CERTIFICATE,
    CTL_CERTIFICATE_KEY,
    CTL_ORDERS,
    CTL_STATE,
    CTL_ALG,
    CTL_KID,
    CTL_OUT,
    CTL_KEY_FILE,
    CTL_SUB,
    CTL_SCOPE,
    CTL_EMAIL,
    CTL_TTL,
    CTL_ISSUER,
    CTL_AUDIENCE,
    CTL_OPTION_COUNT
};

#define CTL_BIT(option) (UINT64_C(1) << (option))

/* ctl_command.flags. */
#define CTL_NO_STORE 1u    /* opens nothing: no --store */
#define CTL_MANY_STORES 2u /* --store may be repeated */
#define CTL_DRIVES 4u      /* carries sagas itself: payment and notify as the table has them */
#define CTL_STORE_ONLY 16u /* works on the store itself: no route does it */
#define CTL_PATIENT 32u    /* by --url it outlives a restart of the server unless told otherwise */
#define CTL_UNNAMED 64u    /* no person acts: runs as "auroractl", whoever starts it */

#define CTL_STORES_MAX 16
#define CTL_OPERANDS_MAX 4
#define CTL_SETTINGS_MAX 64
#define CTL_SECRET_BYTES 257

typedef struct ctl ctl;

/* One row of the table of commands. */
typedef struct {
    const char *noun;
    const char *verb;     /* NULL = the noun is the whole command */
    const char *operands; /* "SKU QUANTITY", "" = none */
    const char *help;     /* one line */
    uint64_t options;     /* CTL_BIT of each that it takes, beside those of all commands */
    uint32_t flags;
    uint32_t operand_count; /* exactly */
    int (*run)(ctl *);
} ctl_command;

/* One run. Texts belong to argv, the environment or `settings`. */
struct ctl {
    const ctl_command *command;
    const char *values[CTL_OPTION_COUNT]; /* NULL = not given; "" for a switch */
    const char *stores[CTL_STORES_MAX];
    uint32_t store_count;
    uint32_t operand_count;
    const char *operands[CTL_OPERANDS_MAX];
    char *settings[CTL_SETTINGS_MAX]; /* "order_deadline=5m", allocated */
    uint32_t setting_count;
    const char *url;    /* of the server, NULL = by --store */
    const char *secret; /* that requests to it are signed with, NULL = none */
    const char *actor;  /* who acts: --actor, $USER, "auroractl" */
    int64_t retry_ms;   /* how long to go on where a server does not answer */
    bool is_json;
    bool is_help;
    char secret_text[CTL_SECRET_BYTES]; /* of the file that has it */
};

/* Prints "auroractl: ..." on standard error and returns CTL_UNSURE. */
int ctl_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tells a failure of the library on standard error (err may be NULL) and returns the exit status
 * that goes with it: CTL_NO where the store answered no, else CTL_UNSURE. `what` names the thing:
 * "order 019...". */
int ctl_fail(aurora_status status, const aurora_error *err, const char *what);

/* Opens the run's only store with AURORA_OPEN_... `flags`. Returns CTL_YES, or CTL_UNSURE after a
 * message; *shop_out is closed by aurora_close. Where a database holds the stores of several
 * services, it is that of the command's noun. */
int ctl_open(const ctl *run, uint32_t flags, aurora_t **shop_out);

/* Opens all stores of the run: those of every service that a database holds. At most
 * CTL_STORES_MAX; close with ctl_close_all, also after a failure. */
typedef struct {
    aurora_t *shops[CTL_STORES_MAX];
    const char *modules[CTL_STORES_MAX]; /* "order"; NULL = what the store was made for */
    uint32_t count;
} ctl_stores;

int ctl_open_all(const ctl *run, uint32_t flags, ctl_stores *out);
void ctl_close_all(ctl_stores *stores);

/* How reading and acting commands open a store: neither creates nor migrates one. */
#define CTL_READ (AURORA_OPEN_READONLY | AURORA_OPEN_NO_CREATE | AURORA_OPEN_NO_MIGRATE)
#define CTL_ACT (AURORA_OPEN_NO_CREATE | AURORA_OPEN_NO_MIGRATE)

/* Values of options. Each returns false after a message. An absent option leaves *out alone. */
bool ctl_value_number(const ctl *run, int option, int64_t minimum, int64_t maximum, int64_t *out);
bool ctl_value_time(const ctl *run, int option, int64_t *ms_out);
bool ctl_value_duration(const ctl *run, int option, int64_t *ms_out);

/* Operands likewise. */
bool ctl_operand_id(const ctl *run, uint32_t index, aurora_id *id_out);
bool ctl_operand_number(const ctl *run, uint32_t index, int64_t minimum, int64_t maximum,
                        int64_t *out);

/* Reads a whole decimal number within bounds. */
bool ctl_number_parse(const char *text, int64_t minimum, int64_t maximum, int64_t *out);

#endif
