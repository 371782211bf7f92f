/* SPDX-License-Identifier: MIT */
#include "postgres_two.h"

#include <aurora/net.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void postgres_two_open(two_shops *two, uint32_t flags, const char *setting)
{
    char address[256];
    *two = (two_shops){.flags = flags};
    two->drivers = aurora_net_drivers(&two->driver_count);
    postgres_program_database(address, sizeof address);
    snprintf(two->url, sizeof two->url, "postgresql:%s", address);
    two_shops_set(two, setting);
    two->a = two_shops_another(two);
    two->b = two_shops_another(two);
}

int64_t postgres_two_number(const two_shops *two, const char *sql)
{
    char text[32];
    postgres_run(strchr(two->url, ':') + 1, sql, text, sizeof text);
    return strtoll(text, NULL, 10);
}
