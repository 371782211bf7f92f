/* SPDX-License-Identifier: MIT */
#include <aurora/base.h>

const char *aurora_version(void)
{
    return AURORA_VERSION;
}

uint32_t aurora_version_number(void)
{
    return AURORA_VERSION_NUMBER;
}
