/* SPDX-License-Identifier: MIT */
/* One open index: its hosts, the connections to them, and what the files of the adapter share. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_INDEX_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_INDEX_H

#include <pthread.h>
#include <sys/types.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include <aurora/breaker.h>
#include <aurora/bulkhead.h>
#include <aurora/port/search.h>

#include "adapters/search_elastic/address.h"
#include "adapters/search_elastic/text.h"

/* --- calls ------------------------------------------------------------------------------------ */

#define AURORA__ELASTIC_PATH_BYTES 512

typedef struct aurora__elastic_index aurora__elastic_index;

/* One request at a time, and a connection that is kept between them. */
typedef struct aurora__elastic_call {
    struct aurora__elastic_call *next;
    aurora__elastic_index *index;
    CURL *easy;
    struct curl_slist *json;   /* headers */
    struct curl_slist *ndjson; /* of _bulk */
    char path[AURORA__ELASTIC_PATH_BYTES];
    aurora__elastic_text request; /* "" = without a body */
    aurora__elastic_text reply;
    long http_status;
    int64_t end_ms; /* of the monotonic clock: when its caller is gone; 0 = never */
    bool is_too_large;
} aurora__elastic_call;

struct aurora__elastic_index {
    aurora_search_options options;
    aurora__elastic_address address;
    pid_t pid;
    aurora_bulkhead searches;

    pthread_mutex_t mutex; /* over the rest */
    aurora__elastic_call *idle;
    uint32_t idle_count;
    uint32_t turn; /* whose turn it is among the hosts */
    int64_t down_until_ms[AURORA__ELASTIC_HOSTS_MAX];
    int64_t logged_ms; /* when a failure was last told */
    aurora_breaker breaker;
};

/* A call with room for a usual request and reply; its caller waits for ever. NULL without
 * memory. */
aurora__elastic_call *aurora__elastic_call_take(aurora__elastic_index *index);
void aurora__elastic_call_give(aurora__elastic_call *call);
void aurora__elastic_call_free(aurora__elastic_call *call);

/* From now on its caller waits so long for all that is sent; 0 = for ever. */
void aurora__elastic_call_bound(aurora__elastic_call *call, int64_t time_max_ms);

/* Starts a request: its body is empty, its path is what the format says. */
void aurora__elastic_call_path(aurora__elastic_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sends it to one host after the other until one answers. AURORA_OK where an answer came, whatever
 * it says: http_status and reply tell. AURORA_EIO, AURORA_ENOMEM, AURORA_ETIMEDOUT where the caller
 * is gone, of which the server is not accused. */
aurora_status aurora__elastic_call_run(aurora__elastic_call *call, const char *method,
                                       int64_t timeout_ms);

/* The same, and what the answer means: AURORA_OK for 2xx, AURORA_ENOTFOUND for 404,
 * AURORA_ECONFLICT for 409, AURORA_EFULL where the disk is; else AURORA_EIO, and the log says
 * why. */
aurora_status aurora__elastic_call_ask(aurora__elastic_call *call, const char *method,
                                       int64_t timeout_ms);

/* The reply as a tree, freed with cJSON_Delete; NULL where it is no JSON. */
cJSON *aurora__elastic_call_tree(const aurora__elastic_call *call);

void aurora__elastic_log(aurora__elastic_index *index, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- gate.c ----------------------------------------------------------------------------------- */

aurora_status aurora__elastic_gate_init(aurora__elastic_index *index);
/* Whether a request may be sent now; true is followed by one leave, with AURORA_BREAKER_SUCCESS or
 * another outcome. */
bool aurora__elastic_gate_enter(aurora__elastic_index *index, uint64_t *ticket_out);
void aurora__elastic_gate_leave(aurora__elastic_index *index, uint64_t ticket, int32_t outcome);
/* The port's. */
void aurora__elastic_breaker(void *self, aurora_breaker_figures *figures_out);

/* --- meta.c: the document that says where the index stands ------------------------------------ */

typedef struct {
    uint64_t generation; /* the number of the index behind the alias */
    uint64_t next;       /* of the one that is being filled; 0 = none */
    uint64_t rebuild;
    int64_t position;
    aurora_id log_id;
    char rebuild_after[AURORA_SKU_BYTES_MAX + 1];
    /* Not of the document: the place in its history that it was read from, the generation that the
     * alias leads to (0 = none). */
    int64_t seq_no;
    int64_t primary_term;
    uint64_t alias;
} aurora__elastic_meta;

/* Reads it, and brings the index to what it says where an instance died half way; makes both where
 * there are none. An instance for reading repairs nothing: AURORA_ENOTFOUND without an index,
 * AURORA_ECORRUPT for one that is broken. */
aurora_status aurora__elastic_meta_open(aurora__elastic_call *call, aurora__elastic_meta *out);

/* Writes it if nobody has since it was read, else AURORA_ECONFLICT. */
aurora_status aurora__elastic_meta_write(aurora__elastic_call *call,
                                         const aurora__elastic_meta *meta);

/* --- schema.c: the indices behind the alias --------------------------------------------------- */

/* Puts the template and makes the index of a generation, which is no error where it exists. An
 * index that will be filled before anybody searches it refreshes only when told. */
aurora_status aurora__elastic_generation_make(aurora__elastic_call *call, uint64_t generation,
                                              bool is_for_filling);
/* AURORA_ENOTFOUND where it does not exist. */
aurora_status aurora__elastic_generation_find(aurora__elastic_call *call, uint64_t generation);
/* Makes all that was written visible, from now on by itself. */
aurora_status aurora__elastic_generation_show(aurora__elastic_call *call, uint64_t generation);
/* Leads the alias to this one alone, in one step. */
aurora_status aurora__elastic_alias_move(aurora__elastic_call *call, uint64_t generation);
/* The highest number of all generations that exist; 0 = none does. */
aurora_status aurora__elastic_generation_last(aurora__elastic_call *call, uint64_t *out);
/* Deletes those that the document does not name and cannot come to name. */
void aurora__elastic_generations_clean(aurora__elastic_call *call,
                                       const aurora__elastic_meta *meta);

/* --- bulk.c ----------------------------------------------------------------------------------- */

/* Writes changes to a generation, each unless its version or a newer one is there. What the index
 * refuses for good is stored without words and told in the log. AURORA_ENOTFOUND where there is no
 * such generation. */
aurora_status aurora__elastic_bulk(aurora__elastic_call *call, uint64_t generation,
                                   const aurora_search_change *changes, uint32_t count);

/* --- write.c, the port's writing calls -------------------------------------------------------- */

aurora_status aurora__elastic_state(void *self, aurora_search_state *out);
aurora_status aurora__elastic_apply(void *self, const aurora_search_batch *batch);
aurora_status aurora__elastic_rebuild_begin(void *self, int64_t position, aurora_id log_id);
aurora_status aurora__elastic_rebuild_page(void *self, const aurora_search_pages *pages);

/* --- query.c, suggest.c, list.c --------------------------------------------------------------- */

aurora_status aurora__elastic_query(void *self, const aurora_search_request *request,
                                    const aurora_arena_port *arena, aurora_search_result *out);
aurora_status aurora__elastic_suggest(void *self, const char *prefix, uint32_t limit,
                                      const aurora_arena_port *arena, const char ***items_out,
                                      uint32_t *count_out);
aurora_status aurora__elastic_list(void *self, const char *after, uint32_t limit,
                                   const aurora_arena_port *arena,
                                   const aurora_product ***items_out, uint32_t *count_out);

/* --- odds ------------------------------------------------------------------------------------- */

/* Memory of an arena, zeroed; NULL without. */
void *aurora__elastic_arena_take(const aurora_arena_port *arena, size_t bytes);
const char *aurora__elastic_arena_text(const aurora_arena_port *arena, const char *text,
                                       size_t length);

#endif
