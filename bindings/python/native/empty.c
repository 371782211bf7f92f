/* SPDX-License-Identifier: MIT */
/* A call without content, of the signature of a token bucket's, in an object of its own so that
 * the compiler cannot look into it. */
#include "python.h"

bool python_empty_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                       int64_t *retry_after_ns_out)
{
    (void)bucket;
    (void)n;
    (void)now_ns;
    (void)retry_after_ns_out;
    return true;
}
