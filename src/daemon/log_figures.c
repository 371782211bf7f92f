/* SPDX-License-Identifier: MIT */
/* What became of the log's lines, for /metrics. */
#include "daemon/internal.h"

void aurora__daemon_log_metrics(const aurora_daemon *daemon, aurora__sheet *sheet)
{
    static const aurora__family records = AURORA__COUNTER_FAMILY_BY(
        "aurora_log_records_total", "Lines of log that were written.", "severity");
    static const aurora__family suppressed = AURORA__COUNTER_FAMILY(
        "aurora_log_suppressed_total", "Lines that were left out as repeats.");
    static const aurora__family dropped =
        AURORA__COUNTER_FAMILY("aurora_log_dropped_total",
                               "Lines that were lost, since the log's reader does not keep up.");
    static const char *const severities[] = {
        [AURORA_LOG_DEBUG] = "DEBUG", [AURORA_LOG_INFO] = "INFO",   [AURORA_LOG_WARNING] = "WARN",
        [AURORA_LOG_ERROR] = "ERROR", [AURORA_LOG_FATAL] = "FATAL",
    };
    aurora_service_log_figures figures;
    aurora_service_log_figures_get(daemon->log, &figures);
    for (int level = AURORA_LOG_DEBUG; level <= AURORA_LOG_FATAL; level++)
        aurora__sheet_add(sheet, &records, AURORA__VALUES(severities[level]),
                          (double)figures.records[level]);
    aurora__sheet_add(sheet, &suppressed, NULL, (double)figures.suppressed);
    aurora__sheet_add(sheet, &dropped, NULL, (double)figures.dropped);
}
