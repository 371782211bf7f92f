/* SPDX-License-Identifier: MIT */
#include "metric/scale.h"

#include <stdbool.h>

static const aurora__scale_step durations[] = {
    {UINT64_C(100000), "0.0001"},    {UINT64_C(220000), "0.00022"},
    {UINT64_C(470000), "0.00047"},   {UINT64_C(1000000), "0.001"},
    {UINT64_C(1200000), "0.0012"},   {UINT64_C(1500000), "0.0015"},
    {UINT64_C(1800000), "0.0018"},   {UINT64_C(2200000), "0.0022"},
    {UINT64_C(2700000), "0.0027"},   {UINT64_C(3300000), "0.0033"},
    {UINT64_C(3900000), "0.0039"},   {UINT64_C(4700000), "0.0047"},
    {UINT64_C(5600000), "0.0056"},   {UINT64_C(6800000), "0.0068"},
    {UINT64_C(8200000), "0.0082"},   {UINT64_C(10000000), "0.01"},
    {UINT64_C(12000000), "0.012"},   {UINT64_C(15000000), "0.015"},
    {UINT64_C(18000000), "0.018"},   {UINT64_C(22000000), "0.022"},
    {UINT64_C(27000000), "0.027"},   {UINT64_C(33000000), "0.033"},
    {UINT64_C(39000000), "0.039"},   {UINT64_C(47000000), "0.047"},
    {UINT64_C(56000000), "0.056"},   {UINT64_C(68000000), "0.068"},
    {UINT64_C(82000000), "0.082"},   {UINT64_C(100000000), "0.1"},
    {UINT64_C(120000000), "0.12"},   {UINT64_C(150000000), "0.15"},
    {UINT64_C(180000000), "0.18"},   {UINT64_C(220000000), "0.22"},
    {UINT64_C(270000000), "0.27"},   {UINT64_C(330000000), "0.33"},
    {UINT64_C(390000000), "0.39"},   {UINT64_C(470000000), "0.47"},
    {UINT64_C(560000000), "0.56"},   {UINT64_C(680000000), "0.68"},
    {UINT64_C(820000000), "0.82"},   {UINT64_C(1000000000), "1.0"},
    {UINT64_C(2200000000), "2.2"},   {UINT64_C(4700000000), "4.7"},
    {UINT64_C(10000000000), "10.0"}, {UINT64_C(22000000000), "22.0"},
    {UINT64_C(47000000000), "47.0"},
};

static const aurora__scale_step sizes[] = {
    {1, "1.0"},           {2, "2.0"},           {4, "4.0"},
    {8, "8.0"},           {16, "16.0"},         {32, "32.0"},
    {64, "64.0"},         {128, "128.0"},       {256, "256.0"},
    {512, "512.0"},       {1024, "1024.0"},     {2048, "2048.0"},
    {4096, "4096.0"},     {8192, "8192.0"},     {16384, "16384.0"},
    {32768, "32768.0"},   {65536, "65536.0"},   {131072, "131072.0"},
    {262144, "262144.0"}, {524288, "524288.0"}, {1048576, "1048576.0"},
};

#define COUNT(steps) (uint32_t)(sizeof(steps) / sizeof *(steps))

_Static_assert(COUNT(durations) < AURORA__SCALE_BUCKETS_MAX, "a bucket more holds the rest");

/* The least value of a place. */
static uint64_t least_of(uint32_t place)
{
    return place < 16 ? place : (uint64_t)(8 + place % 8) << (place / 8 - 1);
}

void aurora__scale_init(aurora__scale *scale, int32_t kind)
{
    bool is_size = kind == AURORA__SCALE_SIZE;
    scale->steps = is_size ? sizes : durations;
    scale->step_count = is_size ? COUNT(sizes) : COUNT(durations);
    uint32_t bucket = 0;
    for (uint32_t place = 0; place < AURORA__SCALE_PLACES; place++) {
        if (place < 62 * 8) {
            while (bucket < scale->step_count && scale->steps[bucket].bound < least_of(place))
                bucket++;
        }
        scale->first[place] = (uint8_t)bucket;
    }
    for (uint32_t i = 0; i < AURORA__SCALE_BUCKETS_MAX; i++)
        scale->bounds[i] = i < scale->step_count ? scale->steps[i].bound : UINT64_MAX;
}
