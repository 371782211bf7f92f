/* SPDX-License-Identifier: MIT */
/* What became of the log's lines, for /metrics. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/internal.h"

static void write_one(FILE *to, const char *name, const char *help, uint64_t value)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s counter\n%s %" PRIu64 "\n", name, help, name, name, value);
}

void aurora__daemon_log_metrics(const aurora_daemon *daemon, FILE *to)
{
    static const char *const severities[] = {
        [AURORA_LOG_DEBUG] = "DEBUG", [AURORA_LOG_INFO] = "INFO",   [AURORA_LOG_WARNING] = "WARN",
        [AURORA_LOG_ERROR] = "ERROR", [AURORA_LOG_FATAL] = "FATAL",
    };
    aurora_service_log_figures figures;
    aurora_service_log_figures_get(daemon->log, &figures);
    fputs("# HELP aurora_log_records_total Lines of log that were written.\n"
          "# TYPE aurora_log_records_total counter\n",
          to);
    for (int level = AURORA_LOG_DEBUG; level <= AURORA_LOG_FATAL; level++)
        fprintf(to, "aurora_log_records_total{severity=\"%s\"} %" PRIu64 "\n", severities[level],
                figures.records[level]);
    write_one(to, "aurora_log_suppressed_total", "Lines that were left out as repeats.",
              figures.suppressed);
    write_one(to, "aurora_log_dropped_total",
              "Lines that were lost, since the log's reader does not keep up.", figures.dropped);
}
