#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What ./dev fuzz does once the targets are built. `run` gives each target its seconds, a few at a time, once or round
after round until some hour; `keep` merges what they learnt into tests/fuzz/corpus; `book` adds the ledger to what was spent
before, tests/fuzz/spent.txt; `summary` prints both. What they learn lies in var/fuzz, or where AURORA_FUZZ_FOLDER says: a
ledger outlives the checkout that began it."""

import argparse
import concurrent.futures
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import corpus  # noqa: E402
import ledger  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/fuzz/bin"
WORK = pathlib.Path(os.environ.get("AURORA_FUZZ_FOLDER") or ROOT / "var/fuzz").resolve()
KEPT = ROOT / "tests/fuzz/corpus"
LEDGER = WORK / "ledger"
BOOKED = ROOT / "tests/fuzz/spent.txt"
INPUTS_MAX = 250  # kept of a target
BYTES_MAX = 4096  # of an input
# Where short inputs say little: scripts are as long as they may be from the start.
# Of `api` each input has thousands of features, and to weigh them took libFuzzer a third of the time.
OPTIONS = {"api": ["-len_control=0", "-max_len=256", "-entropic=0"], "http": ["-len_control=0", "-max_len=2048"],
           "inbound": ["-len_control=0", "-max_len=8192"]}
# Those that keep a shop from input to input look leaked from after each: libFuzzer would search all memory a thousand times.
# Theirs is searched at the end of the run.
KEEP_MEMORY = {"http", "inbound"}
PROGRESS = re.compile(r"^#(\d+)\t.*cov: (\d+) ft: (\d+) corp: (\d+)/")
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def all_names():
    return sorted(path.stem.removeprefix("fuzz_") for path in (ROOT / "tests/fuzz").glob("fuzz_*.c"))


def chosen(words):
    names = [word.removeprefix("fuzz_") for word in words] or all_names()
    for name in names:
        if not (BIN / f"fuzz_{name}").exists():
            sys.exit(f"fuzz: there is no target '{name}': {' '.join(all_names())}")
    return names


def environment():
    # Short stacks of allocations and a small quarantine: a third of `http` went there. A crash that is replayed has long ones.
    asan = ("detect_leaks=1:detect_stack_use_after_return=1:allocator_may_return_null=1:malloc_context_size=6:"
            "quarantine_size_mb=32")
    return dict(os.environ, ASAN_OPTIONS=asan, UBSAN_OPTIONS="print_stacktrace=1")


def commit():
    answer = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    return answer.stdout.strip() or "unknown"


def prepare(name):
    """The folder that a target learns in, with everything that is kept in it."""
    folder = WORK / f"{name}.corpus"
    corpus.unpack(corpus.read(KEPT / f"{name}.txt"), folder)
    if name == "gate":
        subprocess.run([sys.executable, ROOT / "tests/http/raw_requests.py", "--corpus", folder], check=True,
                       stdout=subprocess.DEVNULL)
    return folder


def run_one(name, seconds, report):
    """One target for so long. Returns its row of the ledger and the files that crash it."""
    folder = prepare(name)
    before = set(WORK.glob(f"{name}.crash.*"))
    words = [BIN / f"fuzz_{name}", folder, f"-max_total_time={seconds}", f"-max_len={BYTES_MAX}", "-timeout=300",
             "-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0", f"-artifact_prefix={WORK}/{name}.crash.",
             *OPTIONS.get(name, [])]
    if name in KEEP_MEMORY:
        words.append("-detect_leaks=0")
    dictionary = ROOT / f"tests/fuzz/fuzz_{name}.dict"
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    row = {"date": datetime.datetime.now().strftime("%Y-%m-%dT%H:%M"), "commit": commit(), "target": name,
           "executions": 0, "edges": 0, "features": 0}
    log = WORK / f"{name}.log"
    with log.open("w", encoding="utf-8", errors="replace") as file, subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
            env=environment(), cwd=WORK) as fuzzer:
        for line in fuzzer.stderr:
            file.write(line)
            found = PROGRESS.match(line)
            if found:
                row.update(executions=int(found[1]), edges=int(found[2]), features=int(found[3]))
                report(name, row)
            found = EXECUTED.search(line)
            if found:
                row["executions"] = int(found[1])
        # What it computed, not how long it waited for its turn.
        _, code, usage = os.wait4(fuzzer.pid, 0)
        fuzzer.returncode = os.waitstatus_to_exitcode(code)
    crashes = sorted(file for file in set(WORK.glob(f"{name}.crash.*")) - before if "slow-unit" not in file.name)
    failed = fuzzer.returncode != 0
    row.update(seconds=round(usage.ru_utime + usage.ru_stime), crashes=int(failed), inputs=len(list(folder.iterdir())))
    ledger.append(LEDGER, row)
    return row, crashes, failed, log


class Progress:
    """One line that is written over on a terminal; elsewhere only what is finished is told."""

    def __init__(self, total):
        self.total = total
        self.finished = 0
        self.running = {}
        self.is_live = sys.stdout.isatty()

    def tell(self, name, row):
        self.running[name] = row
        if self.is_live:
            parts = " ".join(f"{each}:{row['executions']}/{row['edges']}" for each, row in self.running.items())
            print(f"\r\033[K[{self.finished}/{self.total}] {parts}"[:120], end="", flush=True)

    def finish(self, name, text):
        self.finished += 1
        self.running.pop(name, None)
        clear = "\r\033[K" if self.is_live else ""
        print(f"{clear}[{self.finished}/{self.total}] {text}", flush=True)


def one_round(options, names, until):
    """Each target once, as long as it is not `until`. Returns (name, crashes, log) of those that failed."""
    progress = Progress(len(names))
    bad = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def turn(name):
            left = (until - datetime.datetime.now()).total_seconds() if until else options.seconds
            return run_one(name, min(options.seconds, int(left)), progress.tell) if left >= 1 else None

        for done in concurrent.futures.as_completed([pool.submit(turn, name) for name in names]):
            if done.result() is None:
                continue
            row, crashes, failed, log = done.result()
            progress.finish(row["target"], f"{row['target']}: {row['seconds']} s, {row['executions']:,} executions, "
                            f"{row['inputs']} inputs, {row['edges']} edges, {row['features']} features"
                            + (", CRASHED" if failed else ""))
            if failed:
                bad.append((row["target"], crashes, log))
    return bad


def hour(text):
    """The next time that the clock shows HH:MM."""
    now = datetime.datetime.now()
    wanted = datetime.datetime.strptime(text, "%H:%M")
    then = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return then if then > now else then + datetime.timedelta(days=1)


def print_spent():
    print(ledger.summary(ledger.added(ledger.read_booked(BOOKED), ledger.read(LEDGER))))


def run(options):
    names = chosen(options.names)
    WORK.mkdir(parents=True, exist_ok=True)
    bad = one_round(options, names, options.until)
    while options.until and datetime.datetime.now() + datetime.timedelta(seconds=1) < options.until:
        bad += one_round(options, names, options.until)
    print()
    print_spent()
    for name, crashes, log in bad:
        print(f"\nfuzz: {name} crashed; its report is {os.path.relpath(log)}")
        for file in crashes:
            print(f"  replay: build/fuzz/bin/fuzz_{name} {os.path.relpath(file)}")
        print(f"  once mended: ./dev fuzz add {name} LABEL FILE keeps it as a test")
    return 1 if bad else 0


def minimise(name, folder, named):
    """The smallest inputs that reach every edge that any of them reaches."""
    with tempfile.TemporaryDirectory() as scratch:
        first = pathlib.Path(scratch) / "named"
        merged = pathlib.Path(scratch) / "merged"
        corpus.unpack(named, first)
        shutil.copytree(first, merged)
        subprocess.run([BIN / f"fuzz_{name}", "-merge=1", "-use_counters=0", f"-max_len={BYTES_MAX}", merged, folder],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
                       cwd=scratch)
        found = sorted((path for path in merged.iterdir() if path.name not in named), key=lambda path: path.stat().st_size)
        return [path.read_bytes() for path in found]


def keep(options):
    for name in chosen(options.names):
        folder = prepare(name)
        path = KEPT / f"{name}.txt"
        named = {label: data for label, data in corpus.read(path).items() if not corpus.MADE.fullmatch(label)}
        made = minimise(name, folder, named)
        inputs = dict(named)
        # Spread over all lengths: the shortest alone would say too little.
        chosen_few = made if len(made) <= INPUTS_MAX else [made[i * len(made) // INPUTS_MAX] for i in range(INPUTS_MAX)]
        for data in chosen_few:
            inputs[corpus.label_of(data)] = data
        corpus.write(path, name, inputs)
        left = f", {len(made) - INPUTS_MAX} left out" if len(made) > INPUTS_MAX else ""
        print(f"{name}: {len(inputs)} inputs, {path.stat().st_size:,} bytes{left}", flush=True)
    return 0


def add(options):
    """Keeps one file under a name in words: what it was that crashed."""
    name, label, file = options.name.removeprefix("fuzz_"), options.label, pathlib.Path(options.file)
    if name not in all_names() or corpus.MADE.fullmatch(label) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", label):
        sys.exit("fuzz: add NAME LABEL FILE: a target, words joined by hyphens, a file")
    inputs = corpus.read(KEPT / f"{name}.txt")
    inputs[label] = file.read_bytes()
    corpus.write(KEPT / f"{name}.txt", name, inputs)
    return 0


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    words = parser.add_subparsers(dest="word", required=True)
    one = words.add_parser("run")
    one.add_argument("--seconds", type=int, default=60)
    one.add_argument("--jobs", type=int, default=1)
    one.add_argument("--until", type=hour, metavar="HH:MM", help="round after round of --seconds each until then")
    one.add_argument("names", nargs="*")
    one = words.add_parser("keep")
    one.add_argument("names", nargs="*")
    one = words.add_parser("add")
    one.add_argument("name")
    one.add_argument("label")
    one.add_argument("file")
    words.add_parser("summary")
    words.add_parser("book")
    options = parser.parse_args()
    if options.word in ("summary", "book"):
        if options.word == "book":
            ledger.book(LEDGER, BOOKED)
        print_spent()
        return 0
    return {"run": run, "keep": keep, "add": add}[options.word](options)


if __name__ == "__main__":
    sys.exit(main())
