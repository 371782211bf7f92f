/* SPDX-License-Identifier: MIT */
#include <aurora/net.h>

#include "adapters/payment_http/payment_http.h"

static const aurora_driver drivers[] = {
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_PAYMENT,
     .scheme = "https",
     .open_payment = aurora__payment_http_open},
    {.size = sizeof(aurora_driver),
     .port = AURORA_PORT_PAYMENT,
     .scheme = "http",
     .open_payment = aurora__payment_http_open},
};

const aurora_driver *aurora_net_drivers(uint32_t *count_out)
{
    *count_out = sizeof drivers / sizeof *drivers;
    return drivers;
}
