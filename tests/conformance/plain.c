/* SPDX-License-Identifier: MIT */
/* Operations without an object: money, ids, machines, and the static tables. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static aurora_status money_add(step *of)
{
    int64_t sum = 0;
    aurora_status rc = aurora_money_add(input_int(of, of->with, "a_minor", 0),
                                        input_int(of, of->with, "b_minor", 0), &sum);
    give_int(of->gives, "sum", sum);
    return rc;
}

static aurora_status money_mul(step *of)
{
    int64_t product = 0;
    aurora_status rc = aurora_money_mul(input_int(of, of->with, "unit_minor", 0),
                                        input_int(of, of->with, "quantity", 0), &product);
    give_int(of->gives, "product", product);
    return rc;
}

static aurora_status currency_digits(step *of)
{
    give_int(of->gives, "digits", aurora_currency_digits(input_text(of, of->with, "code")));
    return AURORA_OK;
}

const operation money_operations[] = {
    {"money_add", money_add},
    {"money_mul", money_mul},
    {"currency_digits", currency_digits},
    {NULL, NULL},
};
