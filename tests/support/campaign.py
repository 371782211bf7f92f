# SPDX-License-Identifier: MIT
"""What the long campaigns print: a progress line, and a summary that can be pasted into docs/RELIABILITY.md."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = int(re.search(r"MemTotal: +(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="utf-8")).group(1))
    system = "Linux"
    if (release := pathlib.Path("/etc/os-release")).exists():
        system = re.search(r'PRETTY_NAME="?([^"\n]*)', release.read_text(encoding="utf-8")).group(1)
    return f"{os.cpu_count()} x {cpu.group(1) if cpu else platform.machine()}, {memory >> 20} GiB, {system}"


def commit():
    answer = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return answer.stdout.strip() or "no commit"


class Progress:
    """One line that is written over on a terminal, and else one each `every_s` seconds."""

    def __init__(self, name, every_s=30):
        self.name = name
        self.every_s = 0.2 if sys.stdout.isatty() else every_s
        self.begin = time.monotonic()
        self.next = 0.0

    def minutes(self):
        return (time.monotonic() - self.begin) / 60

    def say(self, text, is_last=False):
        now = time.monotonic()
        if now < self.next and not is_last:
            return
        self.next = now + self.every_s
        end = "\n" if is_last or not sys.stdout.isatty() else ""
        lead = "\r\x1b[K" if sys.stdout.isatty() else ""
        print(f"{lead}{self.name}: {self.minutes():5.1f} min, {text}", end=end, flush=True)


def summary(command, figures, wrong):
    """As text; `figures` maps a name to what was reached."""
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    lines = ["", "summary:", f"    {'command':22} {command}", f"    {'when':22} {when}", f"    {'machine':22} {machine()}",
             f"    {'commit':22} {commit()}"]
    lines += [f"    {name.replace('_', ' '):22} {value}" for name, value in figures.items()]
    lines += [f"    {'violations':22} {len(wrong)}"]
    lines += [f"    WRONG: {line}" for line in wrong[:40]]
    return "\n".join(lines)
