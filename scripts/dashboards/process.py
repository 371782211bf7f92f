# SPDX-License-Identifier: MIT
"""The process, its engine's batches, the store, and what telemetry itself costs and loses."""

from grafana import INSTANCE, SERVICE, Row, dashboard, plot, table

WHICH = '{job="aurora", service=~"$service", instance=~"$instance"}'


def rate(name, by="service"):
    return f"sum by ({by}) (rate({name}{WHICH}[$__rate_interval]))"


def quantiles(name):
    return [(f"histogram_quantile({share}, sum by (le) (rate({name}_bucket{WHICH}[$__rate_interval])))", word)
            for share, word in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


BOARD = dashboard("process", "process and store", "Processor, memory, batches, commits, the store and its log.",
                  [SERVICE, INSTANCE], [
    Row("Process"),
    plot("Processor", "Cores in use.", "short",
         (rate("process_cpu_seconds_total", "service, instance"), "{{service}} {{instance}}")).at(8),
    plot("Memory", "Resident.", "bytes", (f"process_resident_memory_bytes{WHICH}", "{{service}} {{instance}}")).at(8),
    plot("File descriptors", "Of those that it may open.", "percentunit",
         (f"process_open_fds{WHICH} / process_max_fds{WHICH}", "{{service}} {{instance}}")).limits((0.8, "red")).top(1).at(8),
    table("What runs", "Version, and for how long in seconds.", "none",
          (f"time() - process_start_time_seconds{WHICH} + on (instance) group_left (version) 0 * aurora_build_info{WHICH}",
           "Up (s)")),
    plot("Threads", "Of the process.", "short", (f"process_threads{WHICH}", "{{service}} {{instance}}")),
    Row("Batches: commands that share a transaction"),
    plot("Commands that wait", "For a batch; more and more of them is more than the store commits.", "short",
         (f"sum by (service) (aurora_queue_length{WHICH})", "{{service}}")).limits((8192, "red")).at(8),
    plot("Commands in a batch", "Half, 95 and 99 of 100 batches held no more.", "short",
         *quantiles("aurora_batch_commands")).at(8),
    plot("Batches", "Committed, a second.", "ops", (rate("aurora_batches_total"), "{{service}}")).at(8),
    plot("Batch time", "From its begin to the end of its commit.", "s", *quantiles("aurora_batch_seconds")).at(8),
    plot("Commit time", "Of it the commit: the store's disk or server.", "s", *quantiles("aurora_commit_seconds")).at(8),
    plot("Refused", "Commands a second that met a full queue or log.", "ops",
         (rate("aurora_overload_total", "service, full"), "{{service}} {{full}}")).limits((0.1, "red")).at(8),
    plot("Done again", "A second: batches after a failure or a race, commands for want of rows, batches split, commits asked for.",
         "ops", *[(f"sum(rate(aurora_{name}_total{WHICH}[$__rate_interval]))", word) for name, word in (
             ("batch_retries", "after a failure"), ("batch_races", "after a race"), ("commands_rerun", "for want of rows"),
             ("bisections", "split"), ("unknown_commits", "commits asked for"))]),
    plot("Rows", "Loaded and saved by batches, a second.", "ops",
         (rate("aurora_rows_loaded_total"), "{{service}} loaded"), (rate("aurora_rows_saved_total"), "{{service}} saved")),
    Row("Store and log"),
    plot("Store", "What it occupies.", "bytes", (f"max by (service) (aurora_store_bytes{WHICH})", "{{service}}")).at(8),
    plot("Room on its disk", "Of a store in a file.", "bytes",
         (f"min by (service) (aurora_store_free_bytes{WHICH})", "{{service}}")).limits((0, "red"), (1 << 30, "green")).at(8),
    plot("Event log", "Of log_max_bytes, where new orders are refused.", "percentunit",
         (f"max by (service) (aurora_log_bytes{WHICH} / aurora_log_max_bytes{WHICH})", "{{service}}")
         ).limits((0.8, "red")).top(1).at(8),
    Row("Telemetry itself"),
    plot("Lines of log", "A second, by severity.", "ops",
         (rate("aurora_log_records_total", "severity"), "{{severity}}")).at(8),
    plot("Lines left out", "A second: repeats that were suppressed, and lines that were lost.", "ops",
         (rate("aurora_log_suppressed_total"), "{{service}} suppressed"), (rate("aurora_log_dropped_total"), "{{service}} lost")).at(8),
    plot("Spans", "A second, by what became of them.", "ops",
         (rate("aurora_spans_total", "service, result"), "{{service}} {{result}}")).at(8),
])
