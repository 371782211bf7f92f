/* SPDX-License-Identifier: MIT */
/* The words of an index with the number of documents that each is in, in memory: for how rare a
 * word is, and for what is close to a word that nothing has. A little behind the index. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_VOCABULARY_H
#define AURORA_ADAPTERS_SEARCH_FTS_VOCABULARY_H

#include <stdatomic.h>

#include <sqlite3.h>

#include <aurora/allocator.h>
#include <aurora/base.h>

#define AURORA__FTS_TERMS_MAX 500000 /* words beyond are not known: neither typos nor splits */

typedef struct {
    uint32_t at; /* in `bytes` */
    uint32_t documents;
    uint8_t length;
} aurora__fts_term;

typedef struct {
    const aurora_allocator *allocator;
    aurora__fts_term *terms; /* in byte order */
    char *bytes;
    uint32_t count;
    uint32_t capacity;
    size_t used;
    size_t size;
    uint64_t documents; /* of the index when it was read */
    int64_t generation; /* what was read: generation and change counter of the index */
    int64_t changes;
    int64_t read_ms; /* monotonic */
    _Atomic uint32_t references;
} aurora__fts_vocabulary;

/* Reads all terms of the fts5vocab table `table`; one reference. */
aurora_status aurora__fts_vocabulary_read(const aurora_allocator *allocator, sqlite3 *db,
                                          const char *table, aurora__fts_vocabulary **out);
void aurora__fts_vocabulary_release(aurora__fts_vocabulary *vocabulary);

/* The documents with this word; 0 = none. */
uint32_t aurora__fts_vocabulary_count(const aurora__fts_vocabulary *vocabulary, const char *word,
                                      uint32_t length);

/* A word that may have been meant. */
typedef struct {
    const char *text; /* not NUL-terminated */
    uint32_t length;
    uint32_t documents;
    uint32_t distance;
} aurora__fts_neighbour;

/* The best of the words within `distance` of this one, itself left out: nearer first, then the more
 * frequent. Returns how many. The first letters must agree, or be swapped. */
uint32_t aurora__fts_vocabulary_near(const aurora__fts_vocabulary *vocabulary, const char *word,
                                     uint32_t length, uint32_t distance, aurora__fts_neighbour *out,
                                     uint32_t capacity);

/* The most frequent words that begin with this one, itself left out. */
uint32_t aurora__fts_vocabulary_begin(const aurora__fts_vocabulary *vocabulary, const char *word,
                                      uint32_t length, aurora__fts_neighbour *out,
                                      uint32_t capacity);

/* The same of words whose beginning is within `distance` of it. */
uint32_t aurora__fts_vocabulary_begin_near(const aurora__fts_vocabulary *vocabulary,
                                           const char *word, uint32_t length, uint32_t distance,
                                           aurora__fts_neighbour *out, uint32_t capacity);

#endif
