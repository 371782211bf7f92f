/* SPDX-License-Identifier: MIT */
/* One open index: its connections, its lock, its vocabulary. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_INDEX_H
#define AURORA_ADAPTERS_SEARCH_FTS_INDEX_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <sqlite3.h>

#include <aurora/port/search.h>

#include "adapters/search_fts/columns.h"
#include "adapters/search_fts/outcome.h"
#include "adapters/search_fts/plan.h"
#include "adapters/search_fts/vocabulary.h"

#define AURORA__FTS_READERS_MAX 4 /* idle readers that are kept */

/* Statements that a connection keeps from one call to the next. */
enum {
    AURORA__FTS_BEGIN,
    AURORA__FTS_ROLLBACK,
    AURORA__FTS_READ_META,
    AURORA__FTS_FIND_LABEL,
    AURORA__FTS_READ_LABEL,
    AURORA__FTS_SCAN_WORDS,
    AURORA__FTS_SCAN_ALL,
    AURORA__FTS_READ_HIT,
    AURORA__FTS_SAMPLE_WORDS,
    AURORA__FTS_LIST_DOCUMENTS,
    AURORA__FTS_KEPT_MAX
};

typedef struct {
    sqlite3_stmt *statement; /* NULL = not prepared yet; at rest but while its call runs */
    int64_t generation;      /* that it was prepared for */
} aurora__fts_kept;

typedef struct aurora__fts_connection aurora__fts_connection;

struct aurora__fts_connection {
    sqlite3 *db;
    const aurora__fts_plan *plan; /* of the query that runs: aurora_rank reads it */
    uint64_t incarnation;         /* of the index when it was opened */
    aurora__fts_connection *next;
    aurora__fts_kept kept[AURORA__FTS_KEPT_MAX];
};

/* The one row of `meta`. */
typedef struct {
    int64_t generation; /* of the tables that answer: 1 or 2 */
    int64_t next;       /* the generation that is being filled; 0 = none */
    int64_t rebuild;
    int64_t position;
    int64_t changes; /* counts transactions: who remembers something compares it */
    aurora_id log_id;
    char rebuild_after[AURORA_SKU_BYTES_MAX + 1];
} aurora__fts_meta;

typedef struct {
    aurora_search_options options;
    const aurora__fts_weights *weights;
    char *path; /* of the file; NULL = in memory */
    pid_t pid;
    int lock_fd; /* FILE-lock: one writer at a time over all processes; -1 = not open */

    pthread_mutex_t mutex; /* over all up to vocabulary */
    pthread_cond_t is_free;
    uint32_t is_writing;
    aurora__fts_connection *readers;
    uint32_t reader_count;
    uint64_t incarnation; /* grows when another file takes the place of this one */
    dev_t device;         /* of the file that is open */
    ino_t inode;
    aurora__fts_vocabulary *vocabulary;
    bool is_reading_vocabulary; /* somebody does */

    aurora__fts_connection *writer; /* of whoever has is_writing; in memory of everybody */
    atomic_bool is_damaged;         /* a query met a damaged page */
} aurora__fts_index;

/* --- file.c ----------------------------------------------------------------------------------- */

/* Takes the writer's seat and the lock, with an index that is there and sound as far as it was
 * looked at; makes one where there is none. AURORA_EBUSY after a quarter of a second. */
aurora_status aurora__fts_claim(aurora__fts_index *index);
/* Gives both back. `status` is what became of the write: AURORA_ECORRUPT drops the index. Returns
 * what the caller is to answer. */
aurora_status aurora__fts_unclaim(aurora__fts_index *index, aurora_status status);

/* A connection to read with. AURORA_ENOTFOUND where there is no index. */
aurora_status aurora__fts_reader_take(aurora__fts_index *index, aurora__fts_connection **out);
void aurora__fts_reader_give(aurora__fts_index *index, aurora__fts_connection *reader,
                             aurora_status status);

void aurora__fts_files_close(aurora__fts_index *index);

/* --- schema.c --------------------------------------------------------------------------------- */

/* Makes the tables of an empty database, or looks whether they are ours: AURORA_ECORRUPT if not. */
aurora_status aurora__fts_schema_open(aurora__fts_connection *connection, bool may_create);
/* Makes or drops the tables of one generation. */
aurora_status aurora__fts_generation_make(sqlite3 *db, int64_t generation);
aurora_status aurora__fts_generation_drop(sqlite3 *db, int64_t generation);

aurora_status aurora__fts_meta_read(aurora__fts_connection *connection, aurora__fts_meta *out);
aurora_status aurora__fts_meta_write(sqlite3 *db, const aurora__fts_meta *meta);

/* Runs SQL without parameters; $ stands for the generation. */
aurora_status aurora__fts_run(sqlite3 *db, const char *sql, int64_t generation);
/* Prepares it. NULL with *status_out where that fails. */
sqlite3_stmt *aurora__fts_prepare(sqlite3 *db, const char *sql, int64_t generation,
                                  aurora_status *status_out);

/* The same, prepared once: `number` is its AURORA__FTS_..., whose SQL is always the same but for
 * the generation. Only the last generation's is kept. Give it back to aurora__fts_rest. */
sqlite3_stmt *aurora__fts_keep(aurora__fts_connection *connection, int number, const char *sql,
                               int64_t generation, aurora_status *status_out);
/* Lets go of what a kept statement reads and of what is bound to it; NULL is a no-op. */
void aurora__fts_rest(sqlite3_stmt *statement);
/* Finalizes all that are kept. */
void aurora__fts_forget(aurora__fts_connection *connection);

/* A transaction to read one state in. */
aurora_status aurora__fts_read_begin(aurora__fts_connection *connection);
void aurora__fts_read_end(aurora__fts_connection *connection);

/* --- write.c, the port's writing calls -------------------------------------------------------- */

aurora_status aurora__fts_state(void *self, aurora_search_state *out);
aurora_status aurora__fts_apply(void *self, const aurora_search_batch *batch);
aurora_status aurora__fts_rebuild_begin(void *self, int64_t position, aurora_id log_id);
aurora_status aurora__fts_rebuild_page(void *self, const aurora_search_pages *pages);

/* --- document.c ------------------------------------------------------------------------------- */

/* Statements that put documents into one generation. */
typedef struct {
    sqlite3 *db;
    sqlite3_stmt *find;
    sqlite3_stmt *insert;
    sqlite3_stmt *update;
    sqlite3_stmt *forget_words;
    sqlite3_stmt *insert_words;
    sqlite3_stmt *forget_facts;
    sqlite3_stmt *insert_facts;
    sqlite3_stmt *insert_label;
    sqlite3_stmt *find_label;
    aurora__fts_columns columns;
} aurora__fts_documents;

aurora_status aurora__fts_documents_begin(aurora__fts_documents *documents, sqlite3 *db,
                                          int64_t generation, const aurora_allocator *allocator);
/* Puts or deletes one, unless this version or a newer one is there. */
aurora_status aurora__fts_documents_put(aurora__fts_documents *documents,
                                        const aurora_search_change *change);
void aurora__fts_documents_end(aurora__fts_documents *documents);

/* The columns that aurora__fts_product_read reads, in its order. */
#define AURORA__FTS_PRODUCT_COLUMNS                                                                \
    "sku, name, description, brand, category, image_url, currency, attributes, price_minor, "      \
    "version, created_at, updated_at"

/* The product of a row, copied to the arena; `first` is the number of the column sku. */
aurora_status aurora__fts_product_read(sqlite3_stmt *row, int first, const aurora_arena_port *arena,
                                       aurora_product *out);
aurora_status aurora__fts_list(void *self, const char *after, uint32_t limit,
                               const aurora_arena_port *arena, const aurora_product ***items_out,
                               uint32_t *count_out);

/* --- query.c, suggest.c ----------------------------------------------------------------------- */

/* The vocabulary of the tables that this connection reads, with a reference; NULL where it cannot
 * be read. At most `age_ms` behind, unless somebody else reads it just now. */
aurora__fts_vocabulary *aurora__fts_vocabulary_take(aurora__fts_index *index,
                                                    aurora__fts_connection *reader,
                                                    const aurora__fts_meta *meta);

aurora_status aurora__fts_query(void *self, const aurora_search_request *request,
                                const aurora_arena_port *arena, aurora_search_result *out);
aurora_status aurora__fts_suggest(void *self, const char *prefix, uint32_t limit,
                                  const aurora_arena_port *arena, const char ***items_out,
                                  uint32_t *count_out);

/* --- odds ------------------------------------------------------------------------------------- */

void *aurora__fts_arena_take(const aurora_arena_port *arena, size_t bytes);
/* NULL without memory. */
const char *aurora__fts_arena_text(const aurora_arena_port *arena, const char *text, size_t length);
/* The text of the row that the statement stands on; NULL without memory. */
const char *aurora__fts_column_copy(sqlite3_stmt *row, int column, const aurora_arena_port *arena);
int64_t aurora__fts_clock_ms(void);
void aurora__fts_log(const aurora__fts_index *index, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
