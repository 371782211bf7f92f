# SPDX-License-Identifier: MIT
"""Writes what cffi compiles: the declarations that Python sees, and a guarded form of each call on
a handle or a queue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Tuple

from headers import Function, Headers

# Calls that have no guarded form: opening and closing are gate.c's, a port is called from C, and
# several handles at once would need several gates.
LEFT_OUT = {"aurora_open", "aurora_open_check", "aurora_close", "aurora_queue_new", "aurora_queue_free",
            "aurora_payment_attach", "aurora_verify_stores"}

OPAQUE = """typedef ... python_shop;
typedef ... python_queue;"""
PYTHON_H = Path(__file__).with_name("python.h")

REFUSED = {"aurora_status": "return rc;", "void": "return;", "int": "return -1;"}


def own() -> str:
    """The prototypes of python.h; the log's function is Python's, and opening is checked without a gate."""
    text = re.sub(r"/\*.*?\*/|^#.*?$", "", PYTHON_H.read_text(), flags=re.S | re.M)
    return (text.replace("void python_log(", 'extern "Python+C" void python_log(') +
            "aurora_status aurora_open_check(const char *url, const aurora_options *options, aurora_error *err);")


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
    return "\n".join(declared) + own(), "\n".join(source)
