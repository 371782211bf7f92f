/* SPDX-License-Identifier: MIT */
#include "sim/campaign.h"

/* The order in which seeds end is no matter. */
static uint64_t scatter(uint64_t hash)
{
    hash = (hash ^ (hash >> 31)) * 0xBF58476D1CE4E5B9u;
    return hash ^ (hash >> 29);
}

void aurora__sim_totals_add(aurora__sim_totals *totals, const aurora__sim_report *report)
{
    totals->seeds++;
    totals->orders += report->orders;
    totals->completed += report->completed;
    totals->failed += report->failed;
    totals->cancelled += report->cancelled;
    totals->repaired += report->repaired;
    totals->batches += report->batches;
    totals->crashes += report->crashes;
    totals->deliveries += report->deliveries;
    totals->overtaken += report->overtaken;
    totals->hash += scatter(report->hash);
    totals->virtual_ms += report->virtual_ms;
    if (report->calm_ms > totals->calm_max_ms)
        totals->calm_max_ms = report->calm_ms;
    for (uint32_t i = 0; i < AURORA__CHECK_COUNT; i++)
        totals->checks[i] += report->checks[i];
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++)
        totals->faults[i] += report->faults[i];
    for (uint32_t i = 0; i < AURORA__CRASH_COUNT; i++)
        totals->points[i] += report->points[i];
}

static void write_row(FILE *out, const char *name, const char *what, uint64_t count)
{
    fprintf(out, "| %s | %s | %llu |\n", name, what, (unsigned long long)count);
}

static void write_speed(const aurora__sim_totals *totals, FILE *out)
{
    double cpu = (double)totals->cpu_ns / 1e9;
    double hours = (double)totals->virtual_ms / 3600000;
    if (cpu <= 0)
        return;
    fprintf(out,
            "%.0f s of CPU: %.0f orders/s a core; %.0f hours simulated, %.0f times the CPU's\n",
            cpu, (double)totals->orders / cpu, hours, hours * 3600 / cpu);
}

void aurora__sim_totals_write(const aurora__sim_totals *totals, FILE *out)
{
    fprintf(out,
            "%llu seeds, %llu orders: %llu completed, %llu failed, %llu cancelled; %llu of them "
            "were parked and repaired\n",
            (unsigned long long)totals->seeds, (unsigned long long)totals->orders,
            (unsigned long long)totals->completed, (unsigned long long)totals->failed,
            (unsigned long long)totals->cancelled, (unsigned long long)totals->repaired);
    write_speed(totals, out);
    fprintf(out,
            "%llu batches, %llu deliveries, %llu of them past older ones, %llu crashes; at most "
            "%.0f min from the last fault to the end of all, of %lld allowed\n"
            "all traces: %016llx\n",
            (unsigned long long)totals->batches, (unsigned long long)totals->deliveries,
            (unsigned long long)totals->overtaken, (unsigned long long)totals->crashes,
            (double)totals->calm_max_ms / 60000, (long long)(AURORA__SIM_CALM_MS / 60000),
            (unsigned long long)totals->hash);
    fprintf(out, "\n| check | what must hold | looked at |\n| --- | --- | --- |\n");
    for (uint32_t i = 0; i < AURORA__CHECK_COUNT; i++)
        write_row(out, aurora__sim_check_table[i].name, aurora__sim_check_table[i].what,
                  totals->checks[i]);
    fprintf(out, "\n| fault | what it is | times |\n| --- | --- | --- |\n");
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        if (aurora__sim_option_table[i].is_fault)
            write_row(out, aurora__sim_option_table[i].name, aurora__sim_option_table[i].what,
                      totals->faults[i]);
    }
    fprintf(out, "\n| crash | when | times |\n| --- | --- | --- |\n");
    for (uint32_t i = 0; i < AURORA__CRASH_COUNT; i++)
        write_row(out, aurora__sim_crash_table[i].name, aurora__sim_crash_table[i].when,
                  totals->points[i]);
}
