#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A gateway before two aurorads on one SQLite file, at half of the load that they bear, while one of the two is killed
again and again: the memory and the descriptors of those that live must not grow, and no acknowledged order may be lost.
Ends with 0 if so, 1 if not, 2 if it could not tell."""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import books  # noqa: E402
from aurora_server import SERVICES, Server, until  # noqa: E402
from campaign import Progress, summary  # noqa: E402
from customers import Crowd  # noqa: E402
from vitals import Life, sparkline  # noqa: E402

LOAD = pathlib.Path(os.environ.get("AURORA_SOAK_LOAD", "build/bench/bench_soak_load"))
SKUS = 200
SAMPLE_S = 5
KILL_S = (10, 90)
GROWTH_MIB = 1.0  # an hour, beyond the noise, and beyond the keys
KEY_BYTES = 64  # at most, of an order's idempotency key, kept in memory for key_keep and an hour (src/engine/keys.c)
# The store's page caches take some hundred thousand orders to fill; a small one is full before the warm-up is over, and
# what grows after that grows for another reason.
SETTINGS = ("--order-deadline", "60s", "--resend-first", "1s", "--resend-max", "5s", "--log-level", "error", "--store-cache",
            "1MiB")


class Shop:
    def __init__(self, folder):
        self.file = folder / "shop.db"
        self.stores = [Server(*SETTINGS, store=f"sqlite:{self.file}") for _ in range(2)]
        places = [f"{name}=127.0.0.1:{store.port}" for name in SERVICES for store in self.stores]
        self.gateway = Server("--upstream", ",".join(places), program="aurora-gateway")
        self.lives = []

    def __enter__(self):
        for server in (*self.stores, self.gateway):
            server.start()
        self.lives = [Life("gateway", self.gateway.process.pid), Life("aurorad, lives", self.stores[0].process.pid),
                      Life("aurorad, killed", self.stores[1].process.pid)]
        return self

    def __exit__(self, *details):
        for server in (self.gateway, *self.stores):
            server.__exit__(*details)

    def furnish(self):
        for number in range(SKUS):
            sku = f"soak-{number}"
            product = {"name": f"Soak {number}", "price_minor": 250, "currency": "EUR", "category": f"c{number % 7}"}
            for method, path, body in (("PUT", f"/products/{sku}", product),
                                       ("POST", f"/inventory/{sku}/receipts", {"quantity": 900000000})):
                status = self.stores[0].call(method, path, body)[0]
                if status not in (200, 201):
                    raise RuntimeError(f"{path}: {status}")

    def kill_one(self):
        self.stores[1].kill()
        self.stores[1].start(60)
        self.lives.append(Life("aurorad, killed", self.stores[1].process.pid))

    def look(self, begin):
        for life in (*self.lives[:2], self.lives[-1]):
            life.look(begin)


def generator(shop, rate, seconds, tag):
    return subprocess.Popen([str(LOAD), str(shop.gateway.port), str(rate), str(seconds), tag],
                            stdout=subprocess.PIPE, text=True)


def measure(shop, seconds):
    load = generator(shop, 0, seconds, "full")
    return json.loads(load.communicate(timeout=seconds + 60)[0])["per_s"]


def hold(shop, rate, options, chance, progress):
    """The soak itself: (what the generator counted, kills)."""
    begin, kills = time.monotonic(), 0
    end = begin + options.minutes * 60
    load = generator(shop, rate, options.minutes * 60, "soak")
    next_kill = begin + chance.uniform(*KILL_S)
    next_look = begin
    while (now := time.monotonic()) < end:
        if now >= next_look:
            shop.look(begin)
            next_look += SAMPLE_S
        if now >= next_kill:
            shop.kill_one()
            kills += 1
            next_kill = time.monotonic() + chance.uniform(*KILL_S)
        for server in (shop.stores[0], shop.gateway):
            if server.process.poll() is not None:
                raise RuntimeError(f"{server.program} ended by itself: {server.log_text()[-1000:]}")
        progress.say(f"{kills} kills, MiB " + ", ".join(
            f"{life.last('rss'):.1f} {life.name}" for life in (*shop.lives[:2], shop.lives[-1])))
        time.sleep(0.2)
    return json.loads(load.communicate(timeout=120)[0]), kills


def judge(life, warm_up_s, keys_mib, figures, wrong):
    bounds = (("rss", "MiB/h", GROWTH_MIB + keys_mib), ("pss", "MiB/h", None), ("descriptors", "an hour", 0.5))
    for name, unit, bound in bounds:
        trend = life.trend(name, warm_up_s)
        label = f"{life.name.partition(',')[0]} {name}"
        if trend is None:
            figures[label] = "too short for a slope"
            continue
        slope, noise = trend
        grows = bound is not None and slope - noise > bound
        figures[label] = (f"{life.last(name):.4g} at the end, {slope:+.2f} {unit} (+- {noise:.2f})"
                          + ("" if bound is None else ", GROWS" if grows else ", flat"))
        if grows:
            wrong.append(f"{life.name}: {name} grows by {slope:.2f} {unit}")


def audit(shop, folder, crowd):
    copy = books.Copy(shop.file, folder / "copy")
    try:
        found = list(books.lost(copy, crowd.done()))
        for what, query in books.QUERIES.items():
            found += [f"{what}: {row}" for row in copy.rows(query)[:5]]
        orders = copy.rows("SELECT count(*) FROM orders")[0][0]
    finally:
        copy.close()
    return found + books.verify(copy.file, "--at-rest") + crowd.troubles, orders


def draw(shop, folder):
    """The samples as a table, and lines for the eye."""
    with (folder / "samples.csv").open("w", encoding="utf-8") as table:
        table.write("process,pid,seconds,rss_mib,pss_mib,anonymous_mib,descriptors\n")
        for life in shop.lives:
            for place, at in enumerate(life.times):
                values = ",".join(f"{series[place]:.3f}" for series in life.figures.values())
                table.write(f"{life.name.replace(',', '')},{life.pid},{at:.1f},{values}\n")
    return "\n".join(f"    {life.name:16} {name:12} {min(series):8.1f} {sparkline(series)} {max(series):.1f}"
                     for life in shop.lives[:2] for name, series in life.figures.items() if series)


def killed(lives):
    ends = [life.last("rss") for life in lives if life.times]
    descriptors = [life.last("descriptors") for life in lives if life.times]
    if not ends:
        return "none was seen"
    return (f"{len(ends)} lives, RSS at their end {min(ends):.1f} to {max(ends):.1f} MiB, "
            f"{min(descriptors)} to {max(descriptors)} descriptors")


def soak(options, folder):
    chance, progress = random.Random(options.seed), Progress("soak", 60)
    figures, wrong = {}, []
    with Shop(folder) as shop:
        shop.furnish()
        full = measure(shop, options.full_s)
        rate = max(1, int(full / 2))
        crowd = Crowd(shop.gateway.port, "watched", options.seed, 2, pause_s=0.2)
        crowd.stock_up()
        crowd.go()
        counted, kills = hold(shop, rate, options, chance, progress)
        if not crowd.finish():
            wrong.append("calls are without an answer 60 s after the last kill")
        until("every order settled", lambda: books.unsettled(shop.file) == 0, 90)
        for server in shop.stores:
            server.stop()
        found, orders = audit(shop, folder, crowd)
        wrong += found
        figures |= {"minutes": options.minutes, "full_load": f"{full} requests/s", "load": f"{counted['per_s']} requests/s",
                    "requests": counted["requests"], "answered_5xx": counted["server_errors"],
                    "cut_off": counted["cut_off"], "kills": kills, "orders": orders,
                    "acknowledged_and_watched": len(crowd.done())}
        keys_mib = orders * 60 / options.minutes * KEY_BYTES / (1 << 20)
        figures["keys in memory"] = f"at most {keys_mib:.1f} MiB/h of {KEY_BYTES} bytes an order"
        for life, keys in ((shop.lives[0], 0), (shop.lives[1], keys_mib)):
            judge(life, min(600, options.minutes * 60 / 4), keys, figures, wrong)
        figures["the killed one"] = killed(shop.lives[2:])
        text = summary(f"./dev soak --minutes {options.minutes:g} --seed {options.seed}", figures, wrong)
        text += "\n\n" + draw(shop, folder)
    print(text)
    (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="at half load (60)")
    parser.add_argument("--full-s", type=float, default=20, help="how long full load is measured before (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the kills (1)")
    parser.add_argument("--folder", default="var/soak", help="of the store and the samples")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(options.folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return soak(options, folder)
    except (RuntimeError, OSError, subprocess.SubprocessError) as failure:
        print(f"soak: {failure}", file=sys.stderr)
        return 2
    finally:
        for path in folder.glob("shop.db*"):
            path.unlink()
        shutil.rmtree(folder / "copy", ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
