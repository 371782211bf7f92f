#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills an aurorad on SQLite at random moments while customers order by keys, and audits its store after each kill:
nothing acknowledged is lost, nobody is charged twice, nothing is sold that was not there. Ends with 0 if so, 1 if not,
2 if it could not tell."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import books  # noqa: E402
from aurora_server import Server, until  # noqa: E402
from campaign import Progress, summary  # noqa: E402
from customers import Crowd  # noqa: E402

FILE = "shop.db"
KILLS_A_STORE = 25  # then a new one: what is audited after each kill grows with it
SETTINGS = ("--order-deadline", "60s", "--resend-first", "1s", "--resend-max", "5s", "--retry-first", "100ms",
            "--retry-max", "1s", "--log-level", "warning")
# An order is one commit, or its payments are calls that a kill may meet half way.
PAYMENTS = ("simulator:?decline=0.03", "simulator:?latency_ms=5&decline=0.03", "simulator:?latency_ms=60&decline=0.03")


class Tally:
    def __init__(self):
        self.figures = {"kills": 0, "kills_while_starting": 0, "stores": 0, "orders_acknowledged": 0,
                        "cancels_acknowledged": 0, "deliveries_acknowledged": 0, "calls_cut_off": 0, "keys_asked_again": 0}
        self.outcomes = {}
        self.starts_ms = []
        self.wrong = []

    def add_crowd(self, crowd, counts):
        kinds = {"order": "orders", "cancel": "cancels", "delivery": "deliveries"}
        for call in crowd.done():
            self.figures[f"{kinds[call.kind]}_acknowledged"] += 1
        self.figures["calls_cut_off"] += crowd.unanswered()
        self.figures["keys_asked_again"] += crowd.repeats
        for status, count in counts.items():
            word = {1: "PENDING", 2: "RESERVED", 3: "COMPLETED", 4: "FAILED", 5: "CANCELLED"}[status]
            self.outcomes[word] = self.outcomes.get(word, 0) + count

    def report(self):
        starts = sorted(self.starts_ms) or [0]
        return {**self.figures, "outcomes": ", ".join(f"{count} {word}" for word, count in sorted(self.outcomes.items())),
                "start_after_kill_ms": f"median {starts[len(starts) // 2]:.0f}, most {starts[-1]:.0f}"}


def kill_once(server, crowd, chance, tally):
    """From a server that is down to one that was killed."""
    begin = time.monotonic()
    wait_s = chance.uniform(0.020, 0.500)
    server.launch()
    if chance.random() < 0.15:
        crowd.go()
        time.sleep(wait_s / 5)
        tally.figures["kills_while_starting"] += 1
    else:
        server.await_ready(60)
        tally.starts_ms.append((time.monotonic() - begin) * 1000)
        crowd.go()
        time.sleep(wait_s)
    if server.process.poll() is not None:
        tally.wrong.append(f"aurorad ended by itself with {server.process.returncode}: {server.log_text()[-500:]}")
    server.kill()
    crowd.halt()
    tally.figures["kills"] += 1


def end_store(server, crowd, folder, tally):
    """The last start: every call gets its answer, every order ends, and all is as it was said."""
    server.start(60)
    crowd.repeat_some(200, random.Random(crowd.tag))
    if not crowd.finish():
        tally.wrong.append("calls are without an answer 60 s after the last kill")
    until("every order settled", lambda: books.unsettled(folder / FILE) == 0, 90)
    server.kill()
    found, counts = books.audit(folder / FILE, folder / "copy", crowd, "--at-rest")
    tally.wrong += found + crowd.troubles
    tally.add_crowd(crowd, counts)


def one_store(number, kills, options, tally, progress):
    folder = pathlib.Path(options.folder) / f"store{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chance = random.Random(f"{options.seed}/{number}")
    with Server("--payment", PAYMENTS[number % len(PAYMENTS)], *SETTINGS, store=f"sqlite:{folder / FILE}") as server:
        crowd = Crowd(server.port, f"s{number}", options.seed, options.customers)
        crowd.stock_up()
        server.kill()
        for _ in range(kills):
            kill_once(server, crowd, chance, tally)
            found, counts = books.audit(folder / FILE, folder / "copy", crowd)
            tally.wrong += [f"store {number}, kill {tally.figures['kills']}: {what}" for what in found + crowd.troubles]
            progress.say(f"{tally.figures['kills']}/{options.kills} kills, "
                         f"{tally.figures['orders_acknowledged'] + sum(counts.values())} orders, {len(tally.wrong)} wrong")
            if tally.wrong:
                return
        end_store(server, crowd, folder, tally)
    tally.figures["stores"] += 1
    if not tally.wrong:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(prog="./dev crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many (100)")
    parser.add_argument("--minutes", type=float, help="no new store after that")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and the orders (1)")
    parser.add_argument("--customers", type=int, default=8, help="at once (8)")
    parser.add_argument("--folder", default="var/crash", help="of the stores")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tally, progress, number = Tally(), Progress("crash"), 0
    try:
        while tally.figures["kills"] < options.kills and not tally.wrong:
            if options.minutes and progress.minutes() > options.minutes:
                break
            one_store(number, min(KILLS_A_STORE, options.kills - tally.figures["kills"]), options, tally, progress)
            number += 1
    except (RuntimeError, OSError) as failure:
        print(f"crash: {failure}", file=sys.stderr)
        return 2
    minutes = {"minutes": f"{progress.minutes():.1f}"}
    command = f"./dev crash --kills {options.kills} --seed {options.seed}"
    text = summary(command, {**tally.report(), **minutes}, tally.wrong)
    print(text)
    os.makedirs(options.folder, exist_ok=True)
    (pathlib.Path(options.folder) / "summary.txt").write_text(text + "\n", encoding="utf-8")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
