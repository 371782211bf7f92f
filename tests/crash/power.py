#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power cuts by the thousand: tests/integration/test_power_cut.c over one recorded life of a shop after another, each cut
at many moments. Ends with 0 if every store that was found opened, verified and knew all that had been told; else 1. On
SIGTERM no new life begins, and the summary has what was reached."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from campaign import Progress, summary  # noqa: E402

TEST = pathlib.Path(os.environ.get("AURORA_POWER_TEST", "build/tests/integration/test_power_cut"))
CASES = ("test_power__nothing_that_was_told_is_lost_by_a_cut", "test_power__nobody_is_charged_twice_after_a_cut")
IMAGES_A_LIFE = 500
COUNTED = re.compile(r"power: (\d+) cuts in (\d+) steps: (\d+) writes \((\d+) by checkpoints\), (\d+) syncs, "
                     r"(\d+) creations, (\d+) deletions; (\d+) calls, (\d+) acts")
NAMES = ("images", "steps_recorded", "writes", "writes_by_checkpoints", "syncs", "creations", "deletions", "calls", "acts_of_the_bank")


class Tally:
    def __init__(self, wanted):
        self.wanted = wanted
        self.figures = dict.fromkeys(("lives", *NAMES), 0)
        self.wrong = []
        self.is_over = False
        self.lock = threading.Lock()
        self.progress = Progress("power")

    def add(self, seed, answer):
        with self.lock:
            for found in COUNTED.findall(answer.stderr):
                self.figures["lives"] += 1
                for name, value in zip(NAMES, found):
                    self.figures[name] += int(value)
            if answer.returncode != 0:
                lines = [line for line in answer.stdout.splitlines() if ":F:" in line or ":E:" in line]
                self.wrong += [f"seed {seed}: {line}" for line in lines or [answer.stdout[-500:]]]
            self.progress.say(f"{self.figures['images']}/{self.wanted} images, {len(self.wrong)} wrong")


def live(seed, tally, options):
    if tally.wrong or tally.is_over or (options.minutes and tally.progress.minutes() > options.minutes):
        return
    environment = dict(os.environ, AURORA_SEED=str(seed), AURORA_POWER_IMAGES=str(2 * IMAGES_A_LIFE))
    tally.add(seed, subprocess.run([str(TEST), *CASES], env=environment, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, check=False))


def main():
    parser = argparse.ArgumentParser(prog="./dev crash power", description=__doc__)
    parser.add_argument("--images", type=int, default=20000, help="stores as they are found after a cut (20000)")
    parser.add_argument("--minutes", type=float, help="no new life after that")
    parser.add_argument("--seed", type=int, default=1, help="of the first life (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="lives at once")
    options = parser.parse_args()
    lives = -(-options.images // (2 * IMAGES_A_LIFE))
    tally = Tally(options.images)
    signal.signal(signal.SIGTERM, lambda *_: setattr(tally, "is_over", True))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for work in [pool.submit(live, options.seed + number, tally, options) for number in range(lives)]:
            work.result()
    figures = {**tally.figures, "minutes": f"{tally.progress.minutes():.1f}"}
    print(summary(f"./dev crash power --images {options.images} --seed {options.seed}", figures, tally.wrong))
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
