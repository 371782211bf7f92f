/* SPDX-License-Identifier: MIT */
#include "api/random.h"

#include <sys/random.h>

#include "api/check.h"
#include "api/refuse.h"

static bool system_fill(void *self, void *bytes_out, size_t count)
{
    (void)self;
    return getrandom(bytes_out, count, 0) == (ssize_t)count;
}

aurora_status aurora__random_copy(aurora_random *copy, const aurora_random *given,
                                  aurora_error *err)
{
    if (given == NULL) {
        *copy = (aurora_random){.size = sizeof *copy, .fill = system_fill};
        return AURORA_OK;
    }
    aurora_status rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc == AURORA_OK && copy->fill == NULL)
        rc = aurora__refuse(err, AURORA_EINVAL, "random", "must have its call");
    return rc;
}
