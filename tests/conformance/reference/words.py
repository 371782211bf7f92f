# SPDX-License-Identifier: MIT
"""Ids, bulkheads, statuses and names: by hand, from the headers and RFC 9562."""

from cases import File, step

NAMES = {
    "order_status": ["PENDING", "RESERVED", "COMPLETED", "FAILED", "CANCELLED", "PARKED"],
    "reason": ["out_of_stock", "payment_declined", "deadline", "late", "customer", "operator",
               "unknown_order"],
    "charge": ["tax", "shipping", "discount", "fee"],
    "participant": ["inventory", "payment"],
    "event": ["order.created", "inventory.reserved", "inventory.rejected", "payment.authorized",
              "payment.declined", "order.completed", "order.failed", "order.cancelled",
              "inventory.committed", "inventory.released", "inventory.returned", "payment.captured",
              "payment.voided", "payment.refunded", "inventory.parked", "payment.parked",
              "order.repair", "order.updated", "product.upserted", "product.deleted",
              "product.viewed"],
    "notification_state": ["PENDING", "SENDING", "SENT", "UNKNOWN", "FAILED", "SKIPPED"],
    "repair": ["retry", "mark", "compensate"],
    "result": ["reserved", "rejected", "committed", "released", "returned", "authorized",
               "declined", "captured", "voided", "refunded"],
    "verb": ["authorize", "capture", "void", "refund"],
    "outcome": ["done", "declined", "pending", "not_found", "unknown", "not_begun"],
    "notification": ["order.completed", "order.failed", "order.cancelled"],
    "decision": ["reserved", "out_of_stock"],
    "reservation_status": ["RESERVED", "REJECTED", "COMMITTED", "RELEASED", "RETURNED", "EXPIRED"],
    "breaker_state": ["CLOSED", "OPEN", "HALF_OPEN", "FORCED_OPEN", "DISABLED", "METRICS_ONLY"],
    "setting_kind": ["duration", "integer", "text", "url", "bool"],
    "log_level": ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"],
}
ONE_WAY = {"verb", "outcome", "notification", "decision", "reservation_status", "breaker_state",
           "setting_kind", "log_level"}
USAGE = {"EINVAL": 400, "ENOTFOUND": 404, "ECONFLICT": 409, "EFORK": 500, "EREENTRANT": 500,
         "EGONE": 410, "ENOTSUP": 501, "EKEYREUSED": 422, "EUNKNOWNSKU": 422, "ECURRENCY": 422,
         "EOVERFLOW": 422, "ETAKEN": 409, "EVERSION": 412, "EFINAL": 409, "EPARKED": 409,
         "EINSUFFICIENT": 409, "ETOOBIG": 413, "EREADONLY": 500, "ECLOSED": 500, "EEXPIRED": 409}
RETRIABLE = {"EAGAIN": 409, "EBUSY": 503, "ETIMEDOUT": 504, "ENOMEM": 503, "EIO": 503, "EFULL": 507,
             "EINTR": 503}
FATAL = {"ECORRUPT": 500, "ECORE": 500, "ESCHEMA": 500}
ORDER = ["OK", "EINVAL", "ENOTFOUND", "ECONFLICT", "EAGAIN", "EBUSY", "ETIMEDOUT", "ENOMEM", "EIO",
         "EFULL", "ECORRUPT", "ECORE", "EFORK", "EREENTRANT", "EINTR", "EGONE", "ENOTSUP",
         "EKEYREUSED", "EUNKNOWNSKU", "ECURRENCY", "EOVERFLOW", "ETAKEN", "EVERSION", "EFINAL",
         "EPARKED", "EINSUFFICIENT", "ETOOBIG", "EREADONLY", "ESCHEMA", "ECLOSED", "EEXPIRED"]


def names():
    file = File("names", "Names of values, and values of names.", "by hand, from the headers")
    for what, words in NAMES.items():
        beyond = "UNKNOWN" if what == "breaker_state" else ""
        steps = [step("name_of", what=what, value=i + 1, gives={"name": word}) for i, word in enumerate(words)]
        steps += [step("name_of", what=what, value=value, gives={"name": beyond})
                  for value in (0, -1, len(words) + 1, 2**31 - 1)]
        file.case(f"names_of_{what}", *steps)
        if what in ONE_WAY:
            continue
        steps = [step("value_of", what=what, name=word, gives={"value": i + 1}) for i, word in enumerate(words)]
        steps += [step("value_of", what=what, name=word, gives={"value": 0})
                  for word in ("", "nothing", words[0] + "x", words[0].swapcase(), None)]
        file.case(f"values_of_{what}", *steps)
    return file


def statuses():
    file = File("statuses", "Every status with its class and what HTTP makes of it.",
                "by hand, from aurora/status.h")
    file.case("the_list", step("status_table", gives={"names": ORDER}))
    for number, name in enumerate(ORDER):
        kind = ("none" if name == "OK" else "usage" if name in USAGE else
                "retriable" if name in RETRIABLE else "fatal")
        http = {"OK": 200, **USAGE, **RETRIABLE, **FATAL}[name]
        file.case(f"status_{name}", step("status_read", status=name, gives={
            "name": f"AURORA_{name}", "value": -number, "text": "?text", "class": kind,
            "http_status": http, "is_retriable": name in RETRIABLE}))
    for value in (1, -999):
        file.case(f"no_status_{value}", step("status_read", status=value, gives={
            "name": "AURORA_UNKNOWN", "is_retriable": False}))
    return file


def ids():
    file = File("ids", "Ids as text and back (RFC 9562).", "by hand")
    good = ["0190f3c2-7d5e-7abc-8def-0123456789ab", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "12345678-9abc-def0-1234-56789abcdef0"]
    for text in good:
        file.case(f"id_{text}", step("id_parse", text=text, gives={
            "text": text, "bytes": text.replace("-", "")}))
        file.case(f"id_{text}_in_upper_case", step("id_parse", text=text.upper(), gives={"text": text}))
    base = good[0]
    bad = {"empty": "", "no_dashes": base.replace("-", ""), "too_short": base[:-1],
           "too_long": base + "0", "no_hex": base[:-1] + "g", "braces": "{" + base + "}",
           "a_space_before": " " + base, "dashes_elsewhere": base[:7] + "-" + base[7] + base[9:],
           "urn": "urn:uuid:" + base, "a_line_behind": base + "\n"}
    for name, text in bad.items():
        file.case(f"no_id_{name}", step("id_parse", text=text, fails={"status": "EINVAL"}))
    for a in good[:3]:
        for b in good[:3]:
            file.case(f"equal_{a[:4]}_{b[:4]}", step("id_is_equal", a=a, b=b, gives={"is_equal": a == b}))
    return file


def bulkheads():
    file = File("bulkhead", "Bulkheads: places and waiters.", "by hand")

    def new(running, waiting):
        return step("bulkhead_init", as_="b", running_max=running, waiting_max=waiting)

    def ask(what, is_done):
        return step(f"bulkhead_{what}", "b", gives={"is_done": is_done})

    def tell(what):
        return step(f"bulkhead_{what}", "b")

    def read(running, waiting):
        return step("bulkhead_read", "b", gives={"running": running, "waiting": waiting})

    file.case("two_places", new(2, 0), ask("try_enter", True), ask("try_enter", True), read(2, 0),
              ask("try_enter", False), tell("leave"), read(1, 0), ask("try_enter", True))
    file.case("nobody_waits_where_there_is_no_room", new(1, 0), ask("try_wait", False), read(0, 0))
    file.case("one_waits_and_is_promoted", new(1, 1), ask("try_enter", True), ask("try_wait", True),
              ask("try_wait", False), ask("try_promote", False), read(1, 1), tell("leave"),
              ask("try_promote", True), read(1, 0))
    file.case("nobody_waits_and_nobody_is_promoted", new(1, 1), ask("try_promote", False), read(0, 0))
    file.case("one_gives_up", new(1, 1), ask("try_enter", True), ask("try_wait", True),
              tell("abandon"), read(1, 0), ask("try_wait", True), read(1, 1))
    file.case("who_enters_first_has_the_place", new(1, 1), ask("try_enter", True), ask("try_wait", True),
              tell("leave"), ask("try_enter", True), ask("try_promote", False), read(1, 1))
    file.case("leaving_without_a_place_does_nothing", new(1, 1), tell("leave"), tell("abandon"), read(0, 0),
              ask("try_enter", True), ask("try_enter", False))
    for running, waiting in ((0, 0), (10**9 + 1, 0), (1, 10**9 + 1)):
        file.case(f"{running}_places_and_{waiting}_waiters_are_refused",
                  step("bulkhead_init", as_="b", running_max=running, waiting_max=waiting,
                       fails={"status": "EINVAL"}),
                  ask("try_enter", False), ask("try_wait", False))
    file.case("a_thousand_million_places", new(10**9, 10**9), ask("try_enter", True), read(1, 0))
    return file


def settings():
    file = File("settings", "The table of settings, values by their rules, and formats of metrics.",
                "by hand, from docs/CONFIGURATION.md and aurora/setting.h")
    file.case("a_duration", step("setting_find", name="order_deadline", gives={
        "name": "order_deadline", "kind": "duration", "default_text": "5m", "is_secret": False}))
    file.case("a_secret", step("setting_find", name="payment_secret", gives={"is_secret": True}))
    file.case("a_reloadable_one", step("setting_find", name="order_wait", gives={"is_reloadable": True}))
    file.case("a_name_that_is_none", step("setting_find", name="order_deadlines", gives={"name": None}))
    file.case("a_name_that_is_empty", step("setting_find", name="", gives={"name": None}))
    file.case("what_was_meant", step("setting_nearest", name="order_deadlin", gives={"name": "order_deadline"}))
    file.case("nothing_is_near", step("setting_nearest", name="qqqqqqqqqqqq", gives={"name": None}))
    for text, ms in (("250ms", 250), ("2s", 2000), ("5m", 300000), ("1h", 3600000)):
        file.case(f"{text}_is_{ms}_ms", step("setting_parse", name="order_deadline", text=text, gives={"number": ms})
                  if ms >= 1000 else
                  step("setting_parse", name="order_wait", text=text, gives={"number": ms}))
    for text in ("", "5", "m", "5 m", "5M", "-5m", "5.5m", "5min", "99999999999999999999m", " 5m", "5m "):
        file.case(f"{text!r}_is_no_duration", step("setting_parse", name="order_deadline", text=text,
                                                   fails={"status": "EINVAL", "field": "order_deadline"}))
    for accept, answer in ((None, "prometheus"), ("*/*", "prometheus"), ("text/plain", "prometheus"),
                           ("application/openmetrics-text", "openmetrics"),
                           ("application/openmetrics-text;q=0.1, text/plain", "prometheus"),
                           ("text/plain;q=0.5, application/openmetrics-text;version=1.0.0", "openmetrics")):
        file.case(f"accept_{accept}", step("metric_format", accept=accept, gives={
            "format": answer, "content_type": "?text"}))
    file.case("the_version", step("version", gives={"version": "?text"}))
    good = {"lines": [{"sku": "cup", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    file.case("a_good_request", step("order_check", **good))
    file.case("a_request_without_lines", step("order_check", currency="EUR", payment_method="x",
                                              fails={"status": "EINVAL", "field": "line_count"}))
    file.case("a_store_that_could_be", step("open_check", url="memory:", settings=["order_wait=2s"]))
    file.case("a_setting_that_could_not", step("open_check", url="memory:", settings=["order_wait=never"],
                                               fails={"status": "EINVAL", "field": "order_wait"}))
    file.case("a_setting_that_is_none", step("open_check", url="memory:", settings=["order_weight=1s"],
                                             fails={"status": "EINVAL", "field": "order_weight"}))
    file.case("a_url_that_no_driver_knows", step("open_check", url="nobody://x",
                                                 fails={"status": "ENOTSUP", "field": "url"}))
    return file


def files():
    return [names(), statuses(), ids(), bulkheads(), settings()]
