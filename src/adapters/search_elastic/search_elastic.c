/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/search_elastic.h"

#include <string.h>
#include <unistd.h>

#include "adapters/search_elastic/index.h"

static void close_index(void *self)
{
    aurora__elastic_index *index = self;
    const aurora_allocator *allocator = index->options.allocator;
    /* In a forked child the connections are the parent's. */
    if (getpid() == index->pid) {
        while (index->idle != NULL) {
            aurora__elastic_call *call = index->idle;
            index->idle = call->next;
            aurora__elastic_call_free(call);
        }
        pthread_mutex_destroy(&index->mutex);
        curl_global_cleanup();
    }
    allocator->release(allocator->self, index);
}

static aurora_status start(aurora__elastic_index *index)
{
    index->pid = getpid();
    if (pthread_mutex_init(&index->mutex, NULL) != 0)
        return AURORA_ENOMEM;
    if (aurora__elastic_gate_init(index) != AURORA_OK) {
        pthread_mutex_destroy(&index->mutex);
        return AURORA_EINVAL;
    }
    /* Safe on any thread since libcurl 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return AURORA_OK;
    pthread_mutex_destroy(&index->mutex);
    return AURORA_ENOMEM;
}

aurora_status aurora__search_elastic_open(const aurora_search_options *options,
                                          aurora_search_port *out, aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    aurora__elastic_index *index = allocator->allocate(allocator->self, sizeof *index);
    if (index == NULL)
        return AURORA_ENOMEM;
    memset(index, 0, sizeof *index);
    index->options = *options;
    index->options.address = NULL; /* the caller's, and it holds a password */
    aurora_status rc = aurora__elastic_address_read(options->address, &index->address, err);
    if (rc == AURORA_OK && index->address.ca_file[0] != '\0' &&
        access(index->address.ca_file, R_OK) != 0)
        rc = aurora__elastic_refuse(err, AURORA_EINVAL, "has a ca that is no file to be read");
    if (rc == AURORA_OK)
        rc = start(index);
    if (rc != AURORA_OK) {
        allocator->release(allocator->self, index);
        return rc;
    }
    *out = (aurora_search_port){.size = sizeof *out,
                                .self = index,
                                .state = aurora__elastic_state,
                                .apply = aurora__elastic_apply,
                                .rebuild_begin = aurora__elastic_rebuild_begin,
                                .rebuild_page = aurora__elastic_rebuild_page,
                                .query = aurora__elastic_query,
                                .suggest = aurora__elastic_suggest,
                                .list = aurora__elastic_list,
                                .close = close_index,
                                .breaker = aurora__elastic_breaker};
    return AURORA_OK;
}
