#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hurts a cluster of two instances of each service while customers order, and audits it after each
fault. Ends with 0 if nothing was lost, charged twice, oversold, left unsettled or parked; 1 if it
was; 2 if it could not tell."""

import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import audit  # noqa: E402
import campaign  # noqa: E402
from cluster import ENGINES, SERVICES, Broken, Cluster  # noqa: E402
from load import SKUS, Load, stock_up  # noqa: E402

READY_S = 90
FREEZE_S = 11 # above the session of a consumer and the lease of a relay
SETTLED_S = 90
KINDS = ("kill", "kill-both", "end", "freeze", "engine-kill", "engine-stop")


def plan(seed, count, instances, kinds=KINDS):
    """Faults as (kind, target): each kind on each target comes once before any comes twice."""
    chance = random.Random(seed)
    numbers = range(1, instances + 1)
    first = [("kill", f"{service}.{chance.choice(numbers)}") for service in SERVICES]
    first += [(word, engine) for engine in ENGINES for word in ("engine-kill", "engine-stop")]
    rest = [("freeze", f"{service}.{chance.choice(numbers)}") for service in SERVICES
            if service != "gateway"]
    rest += [("kill", f"{service}.{number}") for service in SERVICES for number in numbers]
    rest += [("kill-both", service) for service in SERVICES]
    rest += [("end", f"{service}.{chance.choice(numbers)}") for service in SERVICES]
    for part in (first, rest):
        part[:] = [fault for fault in part if fault[0] in kinds]
        chance.shuffle(part)
    faults = first + rest
    if count < len(first) and kinds == KINDS: # short runs: some of each sort
        faults = [("kill", f"order.{chance.choice(numbers)}"), ("engine-kill", "postgres"),
                  ("freeze", f"inventory.{chance.choice(numbers)}"), ("engine-stop", "kafka"),
                  ("kill-both", "payment"), ("engine-kill", "redis"), *first]
    while len(faults) < count:
        faults.append(chance.choice(first + rest))
    return faults[:count]


def hurt(cluster, kind, target, chance):
    """Does it, lets it last, and brings back what was taken. Returns for how long."""
    begin = time.monotonic()
    if kind in ("engine-kill", "engine-stop"):
        cluster.engine(target, "kill" if kind == "engine-kill" else "stop")
        time.sleep(chance.uniform(0.2, 4))
        cluster.engine(target, "start")
    elif kind == "freeze":
        cluster.signal(target, signal.SIGSTOP)
        time.sleep(FREEZE_S + chance.uniform(0, 3))
        cluster.signal(target, signal.SIGCONT)
    else:
        names = [name for name in cluster.instances() if name.startswith(f"{target}.")] \
            if kind == "kill-both" else [target]
        for name in names:
            cluster.end(name) if kind == "end" else cluster.kill(name)
        time.sleep(chance.uniform(0.05, 2))
        for name in names:
            cluster.bring_back(name)
    return time.monotonic() - begin


def fault_and_audit(cluster, load, kind, target, chance):
    """One line's worth of figures, and what is wrong."""
    wrong = []
    load.go()
    time.sleep(chance.uniform(0.3, 1.5))
    lasted = hurt(cluster, kind, target, chance)
    ended = cluster.dead()
    wrong += [f"{name} ended by itself" for name in ended]
    for name in ended:
        cluster.bring_back(name)
    cluster.wait_ready(READY_S)
    time.sleep(0.5)
    if not load.hold(120):
        wrong.append("customers still wait for an answer after 120 s")
    settled = audit.wait_settled(cluster, SETTLED_S)
    if settled is None:
        wrong.append(f"unsettled after {SETTLED_S} s: {audit.unsettled(cluster)}")
    wrong += audit.violations(cluster, load.acknowledged())
    return {"lasted_s": lasted, "settled_s": settled}, wrong


def report(cluster, load, lines, wrong, begin):
    acknowledged = load.acknowledged()
    sort = {}
    for line in lines:
        sort[line["kind"]] = sort.get(line["kind"], 0) + 1
    settled = [line["settled_s"] for line in lines if line["settled_s"] is not None]
    summary = {
        "faults": len(lines), "by_kind": sort, "minutes": round((time.monotonic() - begin) / 60, 1),
        "orders_asked": load.asked(), "orders_acknowledged": len(acknowledged),
        "orders_unknown": load.unknown(), "repeats": load.repeats(),
        "settled_max_s": round(max(settled, default=0), 1),
    }
    print(campaign.summary(f"./dev chaos {' '.join(sys.argv[1:])}",
                           {**summary, "outcomes": audit.counts(cluster)}, wrong))
    (cluster.folder / "summary.json").write_text(
        json.dumps({**summary, "violations": len(wrong), "wrong": wrong, "lines": lines}, indent=1), encoding="utf-8")


def run(cluster, options):
    chance = random.Random(options.seed)
    begin = time.monotonic()
    print(f"chaos: seed {options.seed}, starting {options.instances} instances of each service")
    cluster.start()
    stock_up(cluster, 0)
    audit.wait_priced(cluster, SKUS)
    load = Load(cluster, options.seed, 6, options.rate)
    lines, wrong = [], []
    for number, (kind, target) in enumerate(plan(
            options.seed, options.kills, options.instances, options.kinds), 1):
        if options.minutes and time.monotonic() - begin > options.minutes * 60:
            print(f"chaos: {options.minutes} minutes are over")
            break
        figures, found = fault_and_audit(cluster, load, kind, target, chance)
        lines.append({"kind": kind, "target": target, **figures, "wrong": found})
        wrong += [f"fault {number}, {kind} {target}: {what}" for what in found]
        settled = figures["settled_s"]
        print(f"{number:3}/{options.kills} {kind:12} {target:18} lasted {figures['lasted_s']:5.1f} s, "
              f"settled {'never' if settled is None else f'{settled:4.1f} s'} after it, "
              f"{len(load.acknowledged())} orders, {'ok' if not found else found}", flush=True)
        if found and not options.go_on:
            break
        stock_up(cluster, number)
    load.end()
    wrong += load.troubles() + audit.disordered(cluster)
    is_well, text = audit.verify(cluster)
    print(f"auroractl verify --at-rest: {text[:400]}")
    if not is_well:
        wrong.append(f"verify: {text[:2000]}")
    report(cluster, load, lines, wrong, begin)
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="faults, of all kinds (50)")
    parser.add_argument("--kinds", type=lambda text: tuple(text.split(",")), default=KINDS,
                        help=f"of faults, of {','.join(KINDS)} (all)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults and the orders (1)")
    parser.add_argument("--minutes", type=float, help="no new fault after that")
    parser.add_argument("--instances", type=int, default=2, choices=range(1, 6))
    parser.add_argument("--rate", type=float, default=40, help="orders a second at most (40)")
    parser.add_argument("--folder", default="var/chaos", help="of its cluster and engines")
    parser.add_argument("--go-on", action="store_true", help="not only to the first violation")
    parser.add_argument("--keep", action="store_true", help="leave all running at the end")
    options = parser.parse_args()
    cluster = Cluster(options.folder, options.instances)
    status = 2
    # So that a signal stops the cluster too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        status = run(cluster, options)
    except (Broken, RuntimeError, OSError, subprocess.SubprocessError) as failure:
        print(f"chaos: {failure}", file=sys.stderr)
    finally:
        if not options.keep:
            cluster.stop(wipe=status == 0)
    print(f"chaos: {'all is well' if status == 0 else f'see {cluster.folder}'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
