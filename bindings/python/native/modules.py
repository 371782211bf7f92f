# SPDX-License-Identifier: MIT
"""Writes the modules of the package that only repeat the headers: enums.py, statuses.py and the
stub of the extension. A constant or status that has no name here ends the build."""

from __future__ import annotations

import keyword
import re
from typing import Dict, List, Tuple

from headers import Headers

# What the constants of a prefix are called. An enum of the headers has one line here; the rows with
# members are the macros that belong together.
ENUMS = {
    "AURORA_SPAN_": None,
    "AURORA_ATTRIBUTE_": None,
    "AURORA_FAULT_": None,
    "AURORA_LOG_": ("LogLevel", "Levels of the log."),
    "AURORA_EVENT_": ("EventKind", "Kinds of events; readers skip those that they do not know."),
    "AURORA_CONSUMER_": ("ConsumerKind", "Who keeps a cursor over the log."),
    "AURORA_METRIC_": ("MetricKind", "Kinds of metrics."),
    "AURORA_METRIC_FORMAT_": ("MetricFormat", "Formats of a page of metrics as text."),
    "AURORA_NOTIFICATION_STATE_": ("NotificationState", "What became of a notification."),
    "AURORA_ORDER_": ("OrderStatus", "Where an order stands; PARKED waits for an operator."),
    "AURORA_REASON_": ("Reason", "Why an order is FAILED, CANCELLED or PARKED."),
    "AURORA_PARTICIPANT_": ("Participant", "The two participants of a saga."),
    "AURORA_CHARGE_": ("ChargeKind", "Kinds of amounts on top of the lines."),
    "AURORA_TASK_": ("TaskKind", "Kinds of work for the outside world."),
    "AURORA_VERB_": ("Verb", "What a payment task asks for."),
    "AURORA_NOTIFICATION_": ("NotificationKind", "What a notification is about."),
    "AURORA_OUTCOME_": ("Outcome", "How a task went."),
    "AURORA_REPAIR_": ("RepairAction", "Ways to help a saga."),
    "AURORA_RESULT_": ("StepResult", "What a step is marked as."),
    "AURORA_SORT_": ("Sort", "Orders of hits."),
    "AURORA_FACET_": ("FacetKind", "Kinds of facets."),
    "AURORA_SETTING_": ("SettingKind", "How the text of a setting is read."),
    "AURORA_DECISION_": ("Decision", "What a reservation was answered."),
    "AURORA_RESERVATION_": ("ReservationStatus", "Where a reservation stands."),
    "AURORA_MOVEMENT_": ("MovementKind", "Kinds of stock movements."),
    "AURORA_TREND_": ("TrendKind", "What trending counts."),
}
MACROS = [
    ("BreakerState", "States of a circuit breaker.", "AURORA_BREAKER_",
     "CLOSED OPEN HALF_OPEN FORCED_OPEN DISABLED METRICS_ONLY"),
    ("BreakerOutcome", "Outcomes of a call through a breaker.", "AURORA_BREAKER_",
     "SUCCESS FAILURE IGNORED"),
    ("RetryOutcome", "Outcomes of an attempt.", "AURORA_RETRY_",
     "SUCCESS RETRIABLE FATAL RATE_LIMITED"),
    ("RetryEnding", "Why a retry has ended.", "AURORA_RETRY_",
     "GOES_ON ENDED_SUCCESS ENDED_FATAL ENDED_ATTEMPTS ENDED_DEADLINE ENDED_BUDGET ENDED_HINT"),
    ("Jitter", "How the delay before a repeat is spread.", "AURORA_JITTER_",
     "FULL EQUAL NONE DECORRELATED"),
]

# The class of each status and a class of Python's own that it is as well.
ERRORS = {
    "EINVAL": ("InvalidArgumentError", "ValueError"),
    "ENOTFOUND": ("NotFoundError", "LookupError"),
    "ECONFLICT": ("ConflictError", ""),
    "EAGAIN": ("KeyInFlightError", ""),
    "EBUSY": ("BusyError", ""),
    "ETIMEDOUT": ("TimedOutError", "TimeoutError"),
    "ENOMEM": ("OutOfMemoryError", "MemoryError"),
    "EIO": ("StoreError", ""),
    "EFULL": ("DiskFullError", ""),
    "ECORRUPT": ("CorruptError", ""),
    "ECORE": ("CoreError", ""),
    "EFORK": ("ForkedError", ""),
    "EREENTRANT": ("ReentrantError", ""),
    "EINTR": ("WokenError", ""),
    "EGONE": ("GoneError", ""),
    "ENOTSUP": ("NotSupportedError", ""),
    "EKEYREUSED": ("KeyReusedError", ""),
    "EUNKNOWNSKU": ("UnknownSkuError", ""),
    "ECURRENCY": ("CurrencyError", ""),
    "EOVERFLOW": ("RangeError", "ArithmeticError"),
    "ETAKEN": ("ReferenceTakenError", ""),
    "EVERSION": ("VersionError", ""),
    "EFINAL": ("AlreadyFinalError", ""),
    "EPARKED": ("ParkedError", ""),
    "EINSUFFICIENT": ("InsufficientStockError", ""),
    "ETOOBIG": ("TooBigError", ""),
    "EREADONLY": ("ReadOnlyError", ""),
    "ESCHEMA": ("SchemaError", ""),
    "ECLOSED": ("ClosedError", ""),
    "EEXPIRED": ("ExpiredError", ""),
}

HEAD = "# SPDX-License-Identifier: MIT\n"

ENUMS_HEAD = HEAD + '''"""The constants of the headers as enums; written by native/modules.py."""

from __future__ import annotations

import enum
from typing import Optional


class Constant(enum.IntEnum):
    """A number with a name. A newer library may know more of them than this package: such a one
    is UNKNOWN_n, and not an error."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[Constant]:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def __str__(self) -> str:
        return self.name
'''

STATUSES_HEAD = HEAD + '''"""One class for each status of the library; written by native/modules.py."""

from __future__ import annotations

from .errors import AuroraError, FatalError, RetriableError, UsageError
'''

STUB_HEAD = HEAD + '''"""The types of the compiled module; written by native/modules.py."""

from __future__ import annotations

from typing import Any, Callable, Iterator, TypeVar

_F = TypeVar("_F", bound=Callable[..., object])

class CData:
    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __add__(self, other: int) -> CData: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __bool__(self) -> bool: ...

class _Buffer:
    def __getitem__(self, index: Any) -> bytes: ...
    def __setitem__(self, index: Any, value: bytes) -> None: ...
    def __len__(self) -> int: ...

class _FFI:
    NULL: CData
    def new(self, cdecl: str | CData, init: Any = ...) -> CData: ...
    def cast(self, cdecl: str, source: Any) -> CData: ...
    def typeof(self, cdecl: str) -> CData: ...
    def sizeof(self, cdecl: str | CData) -> int: ...
    def string(self, cdata: CData, maxlen: int = ...) -> bytes: ...
    def unpack(self, cdata: CData, length: int) -> Any: ...
    def buffer(self, cdata: CData, size: int = ...) -> _Buffer: ...
    def from_buffer(self, cdecl: str, python_buffer: Any) -> CData: ...
    def gc(self, cdata: CData, destructor: Callable[[CData], None] | None) -> CData: ...
    def memmove(self, dest: Any, src: Any, n: int) -> None: ...
    def new_handle(self, value: Any) -> CData: ...
    def from_handle(self, handle: CData) -> Any: ...
    def def_extern(self, *, name: str = ..., onerror: Any = ...) -> Callable[[_F], _F]: ...

ffi: _FFI

class _Lib:
'''

INTEGERS = {"int", "aurora_status", "int32_t", "uint32_t", "int64_t", "uint64_t", "size_t", "uint8_t"}


def member_prefix(members: List[Tuple[str, int]]) -> str:
    """The longest known prefix of all the names."""
    fitting = [prefix for prefix in ENUMS if all(name.startswith(prefix) for name, _ in members)]
    if not fitting:
        raise SystemExit(f"modules.py: no class for {members[0][0]}: name it in ENUMS")
    return max(fitting, key=len)


def enum_text(name: str, doc: str, prefix: str, members: List[Tuple[str, int]]) -> str:
    lines = [f"\n\nclass {name}(Constant):", f'    """{doc}"""\n']
    lines += [f"    {member[len(prefix):]} = {value}" for member, value in members]
    return "\n".join(lines) + "\n"


def exports(names: List[str]) -> str:
    return "\n\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n"


def enums_module(headers: Headers) -> str:
    text, names = ENUMS_HEAD, ["Constant"]
    for members in headers.enums:
        if members[0][0] == "AURORA_OK":
            continue
        prefix = member_prefix(members)
        row = ENUMS[prefix]
        if row is not None:
            text += enum_text(row[0], row[1], prefix, members)
            names.append(row[0])
    for name, doc, prefix, words in MACROS:
        text += enum_text(name, doc, prefix,
                          [(prefix + word, headers.values[prefix + word]) for word in words.split()])
        names.append(name)
    return text + exports(names)


def statuses_module(headers: Headers) -> str:
    text, rows = STATUSES_HEAD, []
    for status in headers.statuses:
        if status.value == 0:
            continue
        if status.name not in ERRORS:
            raise SystemExit(f"modules.py: no class for AURORA_{status.name}: name it in ERRORS")
        name, builtin = ERRORS[status.name]
        bases = f"{status.class_of.capitalize()}Error" + (f", {builtin}" if builtin else "")
        text += (f"\n\nclass {name}({bases}):\n"
                 f'    """{status.text[0].upper()}{status.text[1:]}."""\n\n'
                 f"    status = {status.value}\n"
                 f'    code = "AURORA_{status.name}"\n')
        rows.append(f"    {status.value}: {name},")
    text += "\n\nBY_STATUS: dict[int, type[AuroraError]] = {\n" + "\n".join(rows) + "\n}\n"
    return text + exports([row[0] for row in ERRORS.values()])


def python_type(declared: str) -> str:
    words = declared.replace("const ", "").strip()
    if "*" not in words and "[" not in words:
        name = re.match(r"(\w+)", words)
        assert name is not None
        if name.group(1) in ("bool", "_Bool"):
            return "bool"
        if name.group(1) == "double":
            return "float"
        return "int" if name.group(1) in INTEGERS else "CData"
    return "CData | bytes" if re.match(r"(char|void|uint8_t|uint32_t) \*", words) else "CData"


def stub_module(headers: Headers, declared: str) -> str:
    lines = []
    for match in re.finditer(r"^([\w *]+?)\b((?:aurora|shop|queue|python)_\w+)\(([^;]*)\);$",
                             re.sub(r'extern "Python[+]C"', "", declared), re.MULTILINE | re.DOTALL):
        result, name, parameters = match.groups()
        arguments = []
        if parameters.strip() != "void":
            for part in re.split(r",(?![^()]*\))", " ".join(parameters.split())):
                word = re.search(r"(\w+)(\[[^]]*\])*$", part.strip())
                assert word is not None, part
                name_of = word.group(1) + ("_" if keyword.iskeyword(word.group(1)) else "")
                arguments.append(f"{name_of}: {python_type(part.strip())}")
        answer = "None" if result.strip() == "void" else python_type(result).split(" |")[0]
        signature = ", ".join(["_self", *arguments, "/"])
        lines.append(f"    def {name}({signature}) -> {answer}: ...")
    lines += [f"    {name}: int" for name in sorted(headers.values) if not name.startswith("AURORA_SPAN")]
    lines += [f"    {name}: float" for name in headers.reals]
    return STUB_HEAD + "\n".join(lines) + "\n\nlib: _Lib\n"


def write(headers: Headers, declared: str) -> Dict[str, str]:
    return {"enums.py": enums_module(headers), "statuses.py": statuses_module(headers),
            "_native.pyi": stub_module(headers, declared)}
