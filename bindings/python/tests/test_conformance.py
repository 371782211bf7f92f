# SPDX-License-Identifier: MIT
"""The suite that C and every binding run, tests/conformance, through this binding."""

import json
import os
import pathlib
import shutil
import tempfile

import pytest

import aurora
import conformance_parts
import conformance_shop
from aurora import testing
from conformance import Differs, Inputs, Unknown, Unmade, at, compare, each_of, resolve, status_of

ROOT = pathlib.Path(os.environ.get("AURORA_SOURCE_DIR", pathlib.Path(__file__).parents[3]))
DATA = ROOT / "tests/conformance/data"
BROKEN = ROOT / "tests/conformance/broken"


def read(folder):
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return index, {name: json.loads((folder / name).read_text(encoding="utf-8")) for name in index["files"]}


INDEX, FILES = read(DATA)
BROKEN_INDEX, BROKEN_FILES = read(BROKEN)


class Case:
    """One case while it runs: the shop it has, and what it kept."""

    def __init__(self, case, kind):
        self.case, self.kind = case, kind
        self.kept, self.kept_objects, self.on = {}, {}, None
        self.shop, self.folder, self.queues, self.number = None, None, [], None
        self.options = case.get("open", {})

    # --- what operations ask for ------------------------------------------------------------------

    def inputs(self, values):
        one = Inputs(values)
        self.all_inputs.append(one)
        return one

    def each(self, errors):
        self.given = {"each": each_of(errors)}
        for error in errors:
            if error is not None:
                raise error
        return self.given

    def checker(self, request):
        with aurora.open("memory:", worker=False) as shop:
            shop.orders.check(request)

    def finish(self, task_id, result):
        aurora.tasks.finish(self.shop._handle, task_id, result, 0)

    def close_later(self, queue):
        self.queues.append(queue)
        return queue

    def path(self, name):
        return os.path.join(self.folder, name)

    # --- the shop ---------------------------------------------------------------------------------

    def begin(self):
        self.folder = tempfile.mkdtemp(prefix="aurora-conformance-")
        self.clock = testing.ManualClock(at(self.options.get("clock_ms", 1750000000000)))
        is_file = self.options.get("store", "memory") == "file"
        self.open(self.path("shop.db") if is_file else "memory:")
        for number in range(1, self.options.get("product_count", 0) + 1):
            self.shop.products.put(f"sku-{number}", f"Product {number}", aurora.Money.from_minor(250 * number, "EUR"))
            if self.options.get("stock", 0):
                self.shop.stock.receive(f"sku-{number}", self.options["stock"], key=f"stock-{number}")

    def open(self, url, settings=None):
        self.close()
        self.url = url
        chosen = self.options.get("settings", []) if settings is None else settings
        self.shop = aurora.open(url, worker=False, clock=self.clock,
                                settings=dict(setting.split("=", 1) for setting in chosen))

    def close(self):
        for queue in self.queues:
            queue.close()
        if self.shop is not None:
            self.shop.close()

    def end(self):
        if self.shop is not None:
            if self.case.get("verify", True):
                assert self.shop.verify().violations == []
            self.close()

    def pump(self):
        for _ in range(1000):
            if self.shop.pump() != 0:
                return

    def settle(self, order_id):
        for _ in range(100):
            self.pump()
            if self.shop.orders.get(order_id).settled_at is not None:
                break
            self.clock.advance(1)
        return conformance_shop.order_result(self.shop.orders.get(order_id))

    # --- steps ------------------------------------------------------------------------------------

    def word(self, do, w):
        """The words that are no calls; False for others."""
        if do == "pump":
            self.pump()
        elif do == "clock_advance":
            self.clock.advance(w.number("ms") / 1000)
        elif do == "clock_step":
            self.clock.step(at(w.number("wall_ms")))
        elif do == "reopen":
            self.open(self.url, w.value("settings"))
        elif do == "file_edit":
            self.edit(w.value("from").encode(), w.value("to").encode())
        else:
            return False
        return True

    def edit(self, old, new):
        self.close()
        path = pathlib.Path(self.url)
        content = path.read_bytes()
        if old not in content or len(old) != len(new):
            raise Differs(f"{old!r} does not stand in the file, or {new!r} has another length")
        path.write_bytes(content.replace(old, new))
        self.open(self.url)

    def operate(self, do, w):
        operations = {**conformance_parts.OPERATIONS, **conformance_shop.OPERATIONS}
        if do == "settle":
            return self.settle(w.value("order_id"))
        if self.word(do, w):
            return None
        if do not in operations:
            raise Unknown(do)
        return operations[do](self, w)

    def step(self, step):
        if set(step) - {"do", "on", "as", "with", "gives", "fails"}:
            raise Unknown(f"members of a step: {sorted(step)}")
        self.on = self.kept_objects[step["on"]] if "on" in step else None
        self.all_inputs, self.given, result, error = [], None, None, None
        w = self.inputs(resolve(step.get("with", {}), self.kept))
        if isinstance(self.on, Unmade):
            return
        try:
            result = self.operate(step["do"], w)
        except (aurora.AuroraError, TypeError) as raised:
            error = raised
        self.judge(step, result, error)
        for one in self.all_inputs if error is None else []:
            one.finish()

    def judge(self, step, result, error):
        fails = step.get("fails")
        if (error is None) != (fails is None):
            raise Differs(f"expected {fails or 'success'}, got {error!r}") from error
        if error is not None:
            status, field = status_of(error)
            compare({name: fails[name] for name in fails}, {"status": status, "field": field}, self.kept, "fails")
            result = self.given
        if "gives" in step:
            compare(step["gives"], result or {}, self.kept)
        if "as" in step:
            if error is not None:
                result = Unmade()
            if step["do"] in conformance_parts.OBJECTS:
                self.kept_objects[step["as"]] = result
            else:
                self.kept[step["as"]] = result


    # --- all of it --------------------------------------------------------------------------------

    def run(self, file):
        try:
            if self.kind == "shop":
                self.begin()
            for self.number, step in enumerate(self.case["steps"]):
                try:
                    self.step(step)
                except (Differs, Unknown) as error:
                    pytest.fail(f"{file} {self.case['name']} step {self.number} {step['do']}: "
                                f"{type(error).__name__}: {error}", pytrace=False)
            self.end()
        finally:
            self.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)


def each_case(files):
    return pytest.mark.parametrize(
        "file, at_case", [(name, at_case) for name, content in files.items() for at_case in range(len(content["cases"]))],
        ids=lambda value: str(value))


@pytest.mark.parametrize("folder, index, files", [(DATA, INDEX, FILES), (BROKEN, BROKEN_INDEX, BROKEN_FILES)],
                         ids=["data", "broken"])
def test_no_file_and_no_case_is_missing(folder, index, files):
    assert len(files) >= index["files_min"] and index["format"] == 1
    assert {path.name for path in folder.glob("*.json")} == {*files, "index.json"}
    for name, content in files.items():
        names = [case["name"] for case in content["cases"]]
        assert content["format"] == 1 and content["kind"] in ("parts", "shop"), name
        assert len(names) >= max(content["cases_min"], 1) and len(set(names)) == len(names), name


@each_case(FILES)
def test_case(file, at_case):
    content = FILES[file]
    Case(content["cases"][at_case], content["kind"]).run(file)


@each_case(BROKEN_FILES)
def test_broken_case_fails(file, at_case):
    """In its last step, or in the audit behind it."""
    content = BROKEN_FILES[file]
    case = content["cases"][at_case]
    run = Case(case, content["kind"])
    with pytest.raises((pytest.fail.Exception, AssertionError)):
        run.run(file)
    assert run.number == len(case["steps"]) - 1
