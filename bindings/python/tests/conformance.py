# SPDX-License-Identifier: MIT
"""What the runner of tests/conformance shares: values, references, patterns and comparison, as its
README defines them, and results of the binding by the names of C."""

import dataclasses
import datetime
import enum
import math
import re
import uuid

import aurora
from aurora._call import EPOCH, text_of
from aurora._native import lib

NAMES = {
    aurora.OrderStatus: lib.aurora_order_status_name, aurora.Reason: lib.aurora_reason_name,
    aurora.ChargeKind: lib.aurora_charge_name, aurora.Participant: lib.aurora_participant_name,
    aurora.EventKind: lib.aurora_event_name, aurora.Verb: lib.aurora_verb_name,
    aurora.Outcome: lib.aurora_outcome_name, aurora.NotificationKind: lib.aurora_notification_name,
    aurora.NotificationState: lib.aurora_notification_state_name, aurora.Decision: lib.aurora_decision_name,
    aurora.ReservationStatus: lib.aurora_reservation_status_name, aurora.RepairAction: lib.aurora_repair_name,
    aurora.StepResult: lib.aurora_result_name, aurora.BreakerState: lib.aurora_breaker_state_name,
    aurora.SettingKind: lib.aurora_setting_kind_name, aurora.LogLevel: lib.aurora_log_level_name,
}


class Unknown(Exception):
    """An operation or a member that this runner does not know."""


class Differs(Exception):
    """Something else came out."""


def name_of(constant):
    """The text of an enumerator."""
    if constant == 0:
        return None
    function = NAMES.get(type(constant))
    return text_of(function(constant)) if function else constant.name.lower()


def member_of(kind, value):
    """An enumerator by its text, or by its number, which may have no name."""
    if value is None:
        return kind(0)
    if isinstance(value, int):
        return kind(value)
    for member in kind:
        if value in (name_of(member), member.name.lower()):
            return member
    raise Unknown(f"{kind.__name__} {value}")


def at(ms):
    """A time from milliseconds, None for absent and 0."""
    return EPOCH + datetime.timedelta(milliseconds=int(ms)) if ms else None


def ms_of(value):
    return (value - EPOCH) // datetime.timedelta(milliseconds=1)


IN_NANOSECONDS = {name: name + "_ns" for name in (
    "delay", "delay_max", "hint_max", "deadline", "wait", "wait_max", "slow", "slice", "half_open_max")}
RENAMED = {"at": "at_ms", "type": "type_name", "event": "event_kind", "data_text": "data", "default": "default_text"}
MONEY = {"price": "price_minor", "total": "total_minor", "amount": "amount_minor", "unit_price": "unit_price_minor"}


def plain(value):
    """A result of the binding as JSON has it, by the names of C."""
    if isinstance(value, aurora.ParkedBy):
        return [flag.name.lower() for flag in aurora.ParkedBy if flag in value]
    if isinstance(value, enum.Enum):
        return name_of(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(milliseconds=1)
    if dataclasses.is_dataclass(value):
        return members({field.name: getattr(value, field.name) for field in dataclasses.fields(value)
                        if not field.name.startswith("_")})
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return members(value._asdict())
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def members(found):
    out = {}
    for name, value in found.items():
        if isinstance(value, aurora.Money) or (value is None and name in MONEY):
            out[MONEY[name]] = value.minor if value is not None else 0
            if value is not None and name != "unit_price":
                out["currency"] = value.currency
        elif name.endswith("_at") or name == "at":
            out[name + "_ms"] = ms_of(value) if value is not None else 0
        elif name in ("metadata", "attributes"):
            out[name] = [{"name": key, "value": text} for key, text in value.items()]
        elif name == "age":
            out["age_ms"] = plain(value)
        else:
            out[RENAMED.get(name, name)] = plain(value)
    return out


# --- inputs ---------------------------------------------------------------------------------------


def resolve(value, kept):
    """Texts that are written short, and references."""
    if isinstance(value, dict):
        if set(value) == {"repeat", "times"}:
            return value["repeat"] * value["times"]
        return {name: resolve(one, kept) for name, one in value.items()}
    if isinstance(value, list):
        return [resolve(one, kept) for one in value]
    if isinstance(value, str) and value.startswith("$"):
        first, *path = value[1:].split(".")
        try:
            found = kept[first]
            for step in path:
                found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError):
            raise Unknown(f"nothing stands behind {value}") from None
        return found
    return value


class Inputs(dict):
    """The members of `with`; what no operation has asked for is a member that we do not know."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    def value(self, name, default=None):
        self.asked.add(name)
        return self.get(name, default)

    def number(self, name, default=0):
        value = self.value(name, default)
        return int(value) if isinstance(value, str) else value

    def some(self, *names):
        """Those that are there, as keyword arguments."""
        return {name: self.value(name) for name in names if self.value(name) is not None}

    def finish(self):
        unknown = set(self) - self.asked
        if unknown:
            raise Unknown(f"members {sorted(unknown)}")


# --- what came out --------------------------------------------------------------------------------


def compare(expected, actual, kept, path="gives"):
    if isinstance(expected, str) and expected.startswith("?"):
        if not matches(expected, actual):
            raise Differs(f"{path}: expected {expected}, got {actual!r}")
    elif isinstance(expected, str) and expected.startswith("$"):
        compare(resolve(expected, kept), actual, kept, path)
    elif isinstance(expected, dict):
        for name, value in expected.items():
            if not isinstance(actual, dict) or name not in actual:
                raise Unknown(f"{path}.{name}")
            compare(value, actual[name], kept, f"{path}.{name}")
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            raise Differs(f"{path}: expected {expected!r}, got {actual!r}")
        for index, value in enumerate(expected):
            compare(value, actual[index], kept, f"{path}[{index}]")
    elif not is_same(expected, actual):
        raise Differs(f"{path}: expected {expected!r}, got {actual!r}")


def matches(pattern, actual):
    if pattern == "?id":
        return isinstance(actual, str) and uuid.UUID(actual).int != 0
    if pattern == "?text":
        return isinstance(actual, str) and actual != ""
    if pattern == "?positive":
        return isinstance(actual, int) and actual > 0
    if pattern == "?any":
        return True
    raise Unknown(pattern)


def is_same(expected, actual):
    if isinstance(expected, bool) or isinstance(actual, bool):
        return bool(expected) == bool(actual)
    if isinstance(actual, float) or isinstance(expected, float):
        return actual is not None and math.isclose(float(expected), actual, rel_tol=1e-9, abs_tol=0.0)
    if isinstance(actual, int) and isinstance(expected, str) and re.fullmatch(r"-?\d+", expected):
        return int(expected) == actual
    if expected is None:
        return actual in (None, "", 0)
    return expected == actual


def impossible(field):
    """What C refuses and Python cannot even say: a key twice in a dict, a kind that has no method."""
    raise aurora.InvalidArgumentError("cannot be said in Python", field)


class Unmade:
    """Stands for an object that its constructor refused: there is none to be misused, where C has
    one that refuses everything."""


def status_of(error):
    """Status and field of a failure, as `fails` has them. Where Python's types already refuse what C
    would call invalid, it is invalid too, and the message begins with the field."""
    if isinstance(error, aurora.AuroraError):
        return error.code.replace("AURORA_", ""), IN_NANOSECONDS.get(error.field, error.field)
    missing = re.search(r"required keyword-only argument: '(\w+)'", str(error))
    return "EINVAL", missing.group(1) if missing else str(error).split(" ")[0]


def each_of(errors):
    return ["OK" if error is None else status_of(error)[0] for error in errors]
