# SPDX-License-Identifier: MIT
"""What was spent on each fuzz target. var/fuzz/ledger has a line a run; tests/fuzz/spent.txt has a line a target, what all
runs came to that were booked: it is kept with the sources, so that no machine that goes away takes the count with it.
Seconds are those of a processor, not of the wall."""

import datetime
import pathlib

FIELDS = "date commit target seconds executions edges features inputs crashes".split()
BOOKED = "target seconds executions inputs edges crashes date".split()
SUMS = "seconds executions crashes".split()
HEAD = ("# What all campaigns spent on each target: ./dev fuzz book adds the ledger of this folder's runs. Inputs and edges are\n"
        "# those of the newest run. `earlier`: runs of which only the sum is known.\n"
        "# " + " ".join(BOOKED) + "\n")


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


def read_booked(path):
    """{target: its totals}"""
    totals = {}
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else []:
        if line and not line.startswith("#"):
            row = dict(zip(BOOKED, line.split(), strict=True))
            totals[row["target"]] = {field: row[field] if field in ("target", "date") else int(row[field]) for field in BOOKED}
    return totals


def added(totals, rows):
    """The totals with these runs: sums, and the reach of the newest run."""
    out = {target: dict(total) for target, total in totals.items()}
    for row in rows:
        total = out.setdefault(row["target"], {"target": row["target"], **dict.fromkeys(SUMS, 0)})
        for field in SUMS:
            total[field] += row[field]
        if row["edges"] > 0:  # a run that ended before it had read its inputs reached nothing
            total.update(edges=row["edges"], inputs=row["inputs"])
        total["date"] = row["date"][:10]
    for total in out.values():
        total.setdefault("edges", 0)
        total.setdefault("inputs", 0)
    return out


def book(path, booked):
    """Adds the ledger to what is booked. It is moved away first: a campaign that runs begins another one, and no run is booked
    twice."""
    if not path.exists():
        return
    taken = path.with_name(f"{path.name}.booked-{datetime.datetime.now():%Y%m%dT%H%M%S}")
    path.rename(taken)
    write_booked(booked, added(read_booked(booked), read(taken)))


def write_booked(path, totals):
    lines = [" ".join(str(total[field]) for field in BOOKED) for _, total in sorted(totals.items())]
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="ascii")


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def summary(totals):
    """A table of Markdown."""
    lines = ["| Target | Core-seconds | Executions | Inputs | Edges | Crashes found |", "|---|---:|---:|---:|---:|---:|"]
    for target, total in sorted(totals.items(), key=lambda item: (item[0] == "earlier", item)):
        name = "earlier, target unknown" if target == "earlier" else f"`{target}`"
        lines.append(f"| {name} | {total['seconds']:,} | {total['executions']:,} | {total['inputs']:,} "
                     f"| {total['edges']:,} | {total['crashes']} |")
    sums = {field: sum(total[field] for total in totals.values()) for field in SUMS}
    lines.append(f"| all | {sums['seconds']:,} | {sums['executions']:,} | | | {sums['crashes']} |")
    today = datetime.date.today().isoformat()
    return "\n".join(lines) + f"\n\n{today}, {machine()}, `./dev fuzz`; all that is booked, and this ledger."
