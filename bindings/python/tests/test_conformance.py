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

DATA = pathlib.Path(os.environ.get("AURORA_SOURCE_DIR", pathlib.Path(__file__).parents[3])) / "tests/conformance/data"
INDEX = json.loads((DATA / "index.json").read_text(encoding="utf-8"))
FILES = {name: json.loads((DATA / name).read_text(encoding="utf-8")) for name in INDEX["files"]}


class Case:
    """One case while it runs: the shop it has, and what it kept."""

    def __init__(self, case, kind):
        self.case, self.kind = case, kind
        self.kept, self.kept_objects, self.on = {}, {}, None
        self.shop, self.folder, self.queues = None, None, []
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
        else:
            return False
        return True

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


def test_no_file_and_no_case_is_missing():
    assert len(FILES) >= INDEX["files_min"] and INDEX["format"] == 1
    assert {path.name for path in DATA.glob("*.json")} == {*FILES, "index.json"}
    for name, content in FILES.items():
        names = [case["name"] for case in content["cases"]]
        assert content["format"] == 1 and content["kind"] in ("parts", "shop"), name
        assert len(names) >= max(content["cases_min"], 1) and len(set(names)) == len(names), name


@pytest.mark.parametrize("file, at_case", [(name, at_case) for name, content in FILES.items()
                                           for at_case in range(len(content["cases"]))],
                         ids=lambda value: str(value))
def test_case(file, at_case):
    content = FILES[file]
    case = content["cases"][at_case]
    run = Case(case, content["kind"])
    try:
        if content["kind"] == "shop":
            run.begin()
        for number, step in enumerate(case["steps"]):
            try:
                run.step(step)
            except (Differs, Unknown) as error:
                pytest.fail(f"{file} {case['name']} step {number} {step['do']}: {type(error).__name__}: {error}",
                            pytrace=False)
        run.end()
    finally:
        run.close()
        if run.folder is not None:
            shutil.rmtree(run.folder)
