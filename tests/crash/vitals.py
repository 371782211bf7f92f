# SPDX-License-Identifier: MIT
"""Memory and descriptors of processes over time, and whether they grow."""

import math
import os
import pathlib
import re
import statistics
import time

BARS = "▁▂▃▄▅▆▇█"
WORDS = {"rss": "Rss", "pss": "Pss", "anonymous": "Anonymous"}


def sample(pid):
    """Of one process, sizes in MiB; None when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        figures = {name: int(re.search(rf"^{word}: +(\d+) kB", text, re.MULTILINE).group(1)) / 1024
                   for name, word in WORDS.items()}
        figures["descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, AttributeError):
        return None
    return figures


def line_through(points):
    """(slope, its standard error): least squares, the error widened by how far neighbours agree."""
    count = len(points)
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = [y - mean_y - slope * (x - mean_x) for x, y in points]
    square = sum(one * one for one in rest)
    error = math.sqrt(square / (count - 2) / spread)
    kinship = sum(a * b for a, b in zip(rest, rest[1:])) / square if square > 0 else 0
    kinship = min(max(kinship, 0), 0.95)
    return slope, error * math.sqrt((1 + kinship) / (1 - kinship))


def by_minute(times, values):
    """Medians of minutes, as (hours, value)."""
    minutes = {}
    for at, value in zip(times, values):
        minutes.setdefault(int(at // 60), []).append(value)
    return [(minute / 60, statistics.median(part)) for minute, part in sorted(minutes.items())]


def sparkline(values, width=60):
    step = max(1, math.ceil(len(values) / width))
    parts = [statistics.fmean(values[i:i + step]) for i in range(0, len(values), step)]
    low, high = min(parts), max(parts)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0
    return "".join(BARS[round((part - low) * scale)] for part in parts)


class Life:
    """What was seen of one process."""

    def __init__(self, name, pid):
        self.name = name
        self.pid = pid
        self.times = []
        self.figures = {name: [] for name in (*WORDS, "descriptors")}

    def look(self, begin):
        figures = sample(self.pid)
        if figures is not None:
            self.times.append(time.monotonic() - begin)
            for name, value in figures.items():
                self.figures[name].append(value)

    def trend(self, name, warm_up_s):
        """(slope an hour, twice its error) after the warm-up; None where that is too short."""
        points = [point for point in by_minute(self.times, self.figures[name]) if point[0] * 3600 >= warm_up_s]
        if len(points) < 5:
            return None
        slope, error = line_through(points)
        return slope, 2 * error

    def last(self, name):
        return self.figures[name][-1] if self.figures[name] else 0
