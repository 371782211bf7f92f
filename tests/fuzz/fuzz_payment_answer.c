/* SPDX-License-Identifier: MIT */
/* Can a bridge's reply hurt us? Reads any bytes as a reply; what is taken must obey the rules of
 * aurora_task_result, and be JSON: the same object with a member more is taken as well. The first
 * byte chooses the status and whether it answers a query. */
#include "adapters/payment_http/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const aurora__answer *answer)
{
    if (answer->outcome < AURORA_OUTCOME_DONE || answer->outcome > AURORA_OUTCOME_UNKNOWN ||
        answer->retry_after_ms > AURORA__RETRY_AFTER_MS_MAX ||
        memchr(answer->code, '\0', sizeof answer->code) == NULL ||
        memchr(answer->provider_reference, '\0', sizeof answer->provider_reference) == NULL)
        abort();
}

/* {...} becomes {"":0,...}. */
static void read_again(const char *text, size_t length, const aurora__answer *first)
{
    static const char more[] = "{\"\":0,";
    const char *open = memchr(text, '{', length);
    size_t rest = length - (size_t)(open - text) - 1;
    char *longer = malloc(sizeof more + rest);
    aurora__answer again;
    if (longer == NULL)
        return;
    memcpy(longer, more, sizeof more - 1);
    memcpy(longer + sizeof more - 1, open + 1, rest);
    if (!aurora__answer_read(longer, sizeof more - 1 + rest, &again) ||
        memcmp(&again, first, sizeof again) != 0)
        abort();
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 201, 202, 204, 302, 400, 402, 404};
    aurora__answer answer;
    if (size == 0)
        return 0;
    /* A copy of just that size: a read beyond it is seen. */
    char *body = malloc(size > 1 ? size - 1 : 1);
    if (body == NULL)
        return 0;
    memcpy(body, data + 1, size - 1);
    const aurora__reply reply = {.status = statuses[data[0] & 7],
                                 .is_query = (data[0] & 8) != 0,
                                 .retry_after_s = data[0],
                                 .body = body,
                                 .length = size - 1};
    aurora__answer_judge(&reply, &answer);
    check(&answer);
    if (aurora__answer_read(body, size - 1, &answer)) {
        check(&answer);
        read_again(body, size - 1, &answer);
    }
    free(body);
    return 0;
}
