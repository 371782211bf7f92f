/* SPDX-License-Identifier: MIT */
/* One reply of Redis, read by hiredis' parser into a struct of ours: what our commands are answered
 * with, and nothing else. Anything larger or deeper is a broken peer. */
#ifndef AURORA_ADAPTERS_REDIS_REPLY_H
#define AURORA_ADAPTERS_REDIS_REPLY_H

#include <hiredis/read.h>

#include <aurora/base.h>

#define AURORA__REDIS_ITEMS_MAX 96
#define AURORA__REDIS_REPLY_BYTES_MAX ((size_t)1114112) /* the largest value and its frame */

enum {
    AURORA__REDIS_NONE = 0,
    AURORA__REDIS_STATUS = 1,
    AURORA__REDIS_ERROR = 2,
    AURORA__REDIS_INTEGER = 3,
    AURORA__REDIS_BULK = 4,
    AURORA__REDIS_NIL = 5,
    AURORA__REDIS_ARRAY = 6, /* of integers */
};

typedef struct {
    int32_t kind;
    uint32_t count;  /* items */
    int64_t integer; /* of INTEGER */
    int64_t items[AURORA__REDIS_ITEMS_MAX];
    char *bytes; /* malloc's, NUL-terminated; of STATUS, ERROR and BULK */
    size_t len;
} aurora__redis_reply;

/* A parser that fills the reply that redisReaderSetPrivdata names; NULL without memory. */
redisReader *aurora__redis_reader_new(void);

/* Releases what it holds and empties it. */
void aurora__redis_reply_clear(aurora__redis_reply *reply);

/* Whether it is an error that begins with this word. */
bool aurora__redis_reply_is_error(const aurora__redis_reply *reply, const char *word);

#endif
