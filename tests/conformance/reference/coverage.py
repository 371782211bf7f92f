# SPDX-License-Identifier: MIT
"""Which public calls the cases reach, and why the others are not among them."""

import json
import pathlib

from cases import DATA

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXPORTS = ROOT / "tests/abi/exports.txt"
README = DATA.parent / "README.md"
BEGIN, END = "<!-- generated: coverage -->", "<!-- /generated -->"

# Words that stand for other calls, or for more than one.
CALLS = {
    "topk_init": ["topk_init", "topk_bytes"],
    "topk_read": ["topk_newest_ms", "topk_capacity"],
    "topk_copy": ["topk_snapshot", "topk_snapshot_bytes", "topk_restore", "topk_bytes"],
    "related_init": ["related_init", "related_bytes"],
    "related_read": ["related_newest_ms", "related_capacity"],
    "related_copy": ["related_snapshot", "related_snapshot_bytes", "related_restore"],
    "limiter_new": ["limiter_new", "limiter_free"],
    "queue_new": ["queue_new", "queue_free"],
    "id_parse": ["id_parse", "id_format"],
    "id_is_equal": [],
    "machine_next": ["machine_next", "machine_state_name", "order_machine", "reservation_machine",
                     "payment_machine"],
    "machine_next_own": ["machine_next"],
    "machine_read": ["machine_state_name", "machine_event_name"],
    "status_read": ["status_name", "status_text", "status_is_retriable", "status_table"],
    "setting_parse": ["setting_parse", "setting_find"],
    "setting_find": ["setting_find", "setting_kind_name"],
    "metric_format": ["metric_format", "metric_content_type"],
    "metric": ["metrics", "metric_page_free"],
    "product_get": ["product_get", "product_free"],
    "product_list": ["product_list", "product_page_free"],
    "stock_list": ["stock_list", "stock_page_free"],
    "reservation_list": ["reservation_list", "reservation_page_free"],
    "order_get": ["order_get", "order_free"],
    "order_list": ["order_list", "order_page_free"],
    "order_history": ["order_history", "history_free"],
    "event_read": ["event_read", "event_page_free"],
    "consumer_list": ["consumer_list", "consumer_page_free"],
    "task_take": ["task_take", "task_page_free"],
    "notification_list": ["notification_list", "notification_page_free"],
    "saga_get": ["saga_get", "saga_free"],
    "saga_list": ["saga_list", "saga_page_free"],
    "dead_letter_list": ["dead_letter_list", "dead_letter_page_free"],
    "verify": ["verify", "report_free"],
    "search": ["search", "search_page_free"],
    "search_suggest": ["search_suggest", "suggestion_page_free"],
    "trending": ["trending", "trend_page_free"],
    "clock_advance": ["manual_clock_advance"],
    "clock_step": ["manual_clock_step"],
    "reopen": ["open", "close"],
    "open_backup": ["open", "close"],
    "settle": ["pump", "order_get"],
}
# By `what` of name_of and value_of.
WORDS = "order_status reason charge participant event notification_state repair result verb outcome " \
        "notification decision reservation_status breaker_state setting_kind log_level".split()
EVERY_SHOP = ["open", "close", "verify", "report_free", "manual_clock_init", "manual_clock_attach",
              "product_put", "stock_receive"]

# What no case reaches, and why. A call that one reaches must not stand here.
ALLOWED = {
    "fd queue_fd": "a descriptor for the host's event loop: a binding has its own (asyncio, netpoll)",
    "wake": "ends the waiting of other threads: cases have one",
    "cache_open cache_close cache_get cache_drop cache_value_new cache_value_hold cache_value_free "
    "cache_stats_get cache_breaker":
        "its loader is a callback: bindings leave caching to their language",
    "payment_attach": "a port of C functions: bindings serve tasks instead",
    "failing_allocator_init failing_allocator_attach failing_allocator_count failing_allocator_live":
        "allocators are C's",
    "fault_plan_new fault_plan_free fault_plan_set fault_plan_visits fault_point_table":
        "faults are injected by C's own tests",
    "store_open": "a port of C functions, for adapters of stores",
    "verify_stores": "audits several handles at once: a case has one",
    "log_set_level": "needs a log, which is a callback",
    "metric_page_text": "formats what the case of metrics reads; no decision in it",
    "setting_table": "a static table; its rows are read by setting_find",
    "traceparent_parse traceparent_format span_id_derive":
        "for tracers, which are callbacks: bindings leave spans to their language",
    "version_number feature_table feature_is_built": "depend on the build, not on a decision",
    "layout_table layout_find error_init id_compare": "for callers that compile no header of C",
    "notifier_breaker search_breaker": "of adapters of libaurora-net",
}


def files():
    return sorted(path for path in DATA.glob("*.json") if path.name != "index.json")


def exports():
    return {name.removeprefix("aurora_") for name in EXPORTS.read_text().split()}


def calls_of(one, public):
    """The calls that one step makes."""
    name = one["do"]
    if name in ("name_of", "value_of"):
        what = one["with"]["what"]
        return [f"{what}_{'name' if name == 'name_of' else 'parse'}"]
    return [call for call in CALLS.get(name, [name]) if call in public]


def reached():
    """{call: {file, ...}}"""
    found = {}
    public = exports()
    for path in files():
        data = json.loads(path.read_text())
        calls = set(EVERY_SHOP if data["kind"] == "shop" else [])
        for case in data["cases"]:
            for one in case["steps"]:
                calls.update(calls_of(one, public))
        for call in calls:
            found.setdefault(call, set()).add(path.stem)
    return found


def excused():
    return {call: reason for calls, reason in ALLOWED.items() for call in calls.split()}


def complaints():
    public, found, why = exports(), reached(), excused()
    for call in sorted(public - set(found) - set(why)):
        yield f"no case reaches aurora_{call}, and reference/coverage.py does not say why"
    for call in sorted(set(found) & set(why)):
        yield f"aurora_{call} is reached and stands in the list of those that are not"
    for call in sorted(set(why) - public):
        yield f"aurora_{call} is in the list of calls that no case reaches, and is no public call"
    for call in sorted(set(found) - public):
        yield f"a case makes the call aurora_{call}, which is not public"


def table():
    """The table for README.md."""
    lines = ["| file | cases | public calls that it is there for |", "|---|---|---|"]
    for path in files():
        data = json.loads(path.read_text())
        calls = sorted({call for case in data["cases"] for one in case["steps"]
                        for call in calls_of(one, exports())})
        lines.append(f"| `{path.name}` | {len(data['cases'])} | {' '.join(f'`{call}`' for call in calls)} |")
    lines += ["", "Calls that no case reaches:", "", "| calls | why |", "|---|---|"]
    for calls, reason in ALLOWED.items():
        lines.append(f"| {' '.join(f'`{call}`' for call in calls.split())} | {reason} |")
    return "\n".join(lines)


def readme():
    """README.md as it should be."""
    text = README.read_text()
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"
