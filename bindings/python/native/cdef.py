# SPDX-License-Identifier: MIT
"""Writes what cffi compiles: the declarations that Python sees, and a guarded form of each call on
a handle or a queue."""

from __future__ import annotations

import re
from typing import List, Tuple

from headers import Function, Headers

# Calls that have no guarded form: opening and closing are gate.c's, a port is called from C, and
# several handles at once would need several gates.
LEFT_OUT = {"aurora_open", "aurora_open_check", "aurora_close", "aurora_queue_new", "aurora_queue_free",
            "aurora_payment_attach", "aurora_verify_stores"}

OPAQUE = """typedef ... python_shop;
typedef ... python_queue;"""
OWN = """
aurora_status python_shop_open(const char *url, aurora_options *options, void *log_self,
                               int32_t level_min, python_shop **out, aurora_error *err);
bool python_shop_suspend(python_shop *shop);
aurora_status python_shop_resume(python_shop *shop, const char *url, aurora_options *options,
                                 aurora_error *err);
void python_shop_close(python_shop *shop);
bool python_shop_is_open(const python_shop *shop);
void python_shop_free(python_shop *shop);
aurora_status python_queue_open(python_shop *shop, uint32_t capacity, python_queue **out);
void python_queue_close(python_queue *queue);
bool python_queue_is_open(const python_queue *queue);
void python_queue_free(python_queue *queue);
bool python_is_in_callback(void);
aurora_status python_orders_submit(python_queue *queue, const char *texts, size_t texts_len,
                                   const int64_t *numbers, size_t number_count,
                                   const uint64_t *tags, uint32_t count, uint32_t *accepted_out);
bool python_empty_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                       int64_t *retry_after_ns_out);
aurora_status aurora_open_check(const char *url, const aurora_options *options, aurora_error *err);
extern "Python+C" void python_log(void *self, const aurora_log_record *record);
"""

REFUSED = {"aurora_status": "return rc;", "void": "return;", "int": "return -1;"}


def parameter_name(parameter: str) -> str:
    match = re.search(r"(\w+)(\[[^]]*\])*$", parameter)
    assert match is not None, parameter
    return match.group(1)


def guarded(function: Function) -> Tuple[str, str]:
    """The prototype and the body of shop_... or queue_..., by whose gate it goes."""
    kind = "shop" if function.is_on_handle else "queue"
    stem = function.name[len("aurora_"):]
    name = stem if kind == "queue" and stem.startswith("queue_") else f"{kind}_{stem}"
    parameters = [f"python_{kind} *gate", *function.parameters[1:]]
    arguments = ", ".join([f"gate->{kind}", *map(parameter_name, function.parameters[1:])])
    prototype = f"{function.result} {name}({', '.join(parameters)})"
    call = f"{function.name}({arguments});"
    if function.result != "void":
        call = f"{function.result} answer = {call}"
    answer = "" if function.result == "void" else "\n    return answer;"
    body = (f"static {prototype}\n{{\n"
            f"    aurora_status rc = python_gate_enter(&gate->gate);\n"
            f"    if (rc != AURORA_OK)\n        {REFUSED[function.result]}\n"
            f"    {call}\n"
            f"    python_gate_leave(&gate->gate);{answer}\n}}\n")
    return prototype + ";", body


def write(headers: Headers) -> Tuple[str, str]:
    """The text for ffi.cdef and for ffi.set_source."""
    declared: List[str] = [headers.types, OPAQUE]
    source: List[str] = ['#include "python.h"', "#include <aurora/testing.h>", ""]
    declared += [f"#define {name} ..." for name in headers.constants]
    declared += [f"static const double {name};" for name in headers.reals]
    for function in headers.functions:
        if function.name in LEFT_OUT:
            continue
        if function.is_on_handle or function.is_on_queue:
            prototype, body = guarded(function)
            declared.append(prototype)
            source.append(body)
        else:
            declared.append(f"{function.result} {function.name}({', '.join(function.parameters)});")
    return "\n".join(declared) + OWN, "\n".join(source)
