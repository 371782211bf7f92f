# SPDX-License-Identifier: MIT
"""var/fuzz/ledger: one line a run of a fuzz target, so that what was spent on each is known over all campaigns. Seconds are
those of a processor, not of the wall."""

import datetime
import pathlib

FIELDS = "date commit target seconds executions edges features inputs crashes".split()


def append(path, row):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "" if path.exists() else "\t".join(FIELDS) + "\n"
    with path.open("a", encoding="ascii") as file:
        file.write(head + "\t".join(str(row[field]) for field in FIELDS) + "\n")


def read(path):
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="ascii").splitlines()[1:]:
        row = dict(zip(FIELDS, line.split("\t")))
        for field in FIELDS[3:]:
            row[field] = int(row[field])
        rows.append(row)
    return rows


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def summary(rows):
    """A table of Markdown: per target what all runs come to, and the newest run's reach."""
    targets = {}
    for row in rows:
        total = targets.setdefault(row["target"], {"seconds": 0, "executions": 0, "crashes": 0})
        for field in total:
            total[field] += row[field]
        total.update(edges=row["edges"], features=row["features"], inputs=row["inputs"])
    lines = ["| Target | Core-seconds | Executions | Inputs | Edges | Features | Crashes found |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for target, total in sorted(targets.items()):
        lines.append(f"| `{target}` | {total['seconds']:,} | {total['executions']:,} | {total['inputs']:,} "
                     f"| {total['edges']:,} | {total['features']:,} | {total['crashes']} |")
    seconds = sum(total["seconds"] for total in targets.values())
    executions = sum(total["executions"] for total in targets.values())
    crashes = sum(total["crashes"] for total in targets.values())
    lines.append(f"| all {len(targets)} | {seconds:,} | {executions:,} | | | | {crashes} |")
    today = datetime.date.today().isoformat()
    return "\n".join(lines) + f"\n\n{today}, {machine()}, `./dev fuzz`; all campaigns of the ledger together."
