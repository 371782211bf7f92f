/* SPDX-License-Identifier: MIT */
#include "adapters/redis/reply.h"

#include <stdlib.h>
#include <string.h>

/* hiredis 0.14 asks for an array of as many elements as the peer says, so of up to 16 GiB; what is
 * refused here (NULL) ends its parsing with an error. */

static void *new_string(const redisReadTask *task, char *text, size_t len)
{
    aurora__redis_reply *reply = task->privdata;
    if (task->parent != NULL || len > AURORA__REDIS_REPLY_BYTES_MAX)
        return NULL;
    reply->bytes = malloc(len + 1);
    if (reply->bytes == NULL)
        return NULL;
    memcpy(reply->bytes, text, len);
    reply->bytes[len] = '\0';
    reply->len = len;
    reply->kind = task->type == REDIS_REPLY_ERROR    ? AURORA__REDIS_ERROR
                  : task->type == REDIS_REPLY_STATUS ? AURORA__REDIS_STATUS
                                                     : AURORA__REDIS_BULK;
    return reply;
}

static void *new_array(const redisReadTask *task, int elements)
{
    aurora__redis_reply *reply = task->privdata;
    if (task->parent != NULL || elements > AURORA__REDIS_ITEMS_MAX)
        return NULL;
    reply->kind = AURORA__REDIS_ARRAY;
    reply->count = (uint32_t)elements;
    return reply;
}

static void *new_integer(const redisReadTask *task, long long number)
{
    aurora__redis_reply *reply = task->privdata;
    if (task->parent == NULL) {
        reply->kind = AURORA__REDIS_INTEGER;
        reply->integer = number;
    } else {
        reply->items[task->idx] = number;
    }
    return reply;
}

static void *new_nil(const redisReadTask *task)
{
    aurora__redis_reply *reply = task->privdata;
    if (task->parent != NULL)
        return NULL;
    reply->kind = AURORA__REDIS_NIL;
    return reply;
}

/* The reply is not the parser's. */
static void free_nothing(void *object)
{
    (void)object;
}

redisReader *aurora__redis_reader_new(void)
{
    static const redisReplyObjectFunctions functions = {new_string, new_array, new_integer, new_nil,
                                                        free_nothing};
    return redisReaderCreateWithFunctions((redisReplyObjectFunctions *)&functions);
}

void aurora__redis_reply_clear(aurora__redis_reply *reply)
{
    free(reply->bytes);
    memset(reply, 0, sizeof *reply);
}

bool aurora__redis_reply_is_error(const aurora__redis_reply *reply, const char *word)
{
    size_t len = strlen(word);
    return reply->kind == AURORA__REDIS_ERROR && strncmp(reply->bytes, word, len) == 0 &&
           (reply->bytes[len] == '\0' || reply->bytes[len] == ' ');
}
