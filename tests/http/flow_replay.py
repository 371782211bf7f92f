# SPDX-License-Identifier: MIT
"""flow_replay.py FILE [UNTIL]: the Online Retail file through the gateway of a cluster comes to what the file says, and
each topic has the events of a key in order. Without UNTIL the whole of it, with figures of the run."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import retail  # noqa: E402
from aurora_cluster import System, disordered, take_environment  # noqa: E402

SECRET = "a secret of at least thirty-two bytes"


def expected(path, until):
    """What the file says, by another program than the one under test."""
    orders, _ = retail.read(path)
    chosen = retail.before(orders, until) if until else orders
    return retail.summary(chosen, chosen)


def cpu_s(daemon):
    fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def check_topics(system, count):
    total = 0
    for name in ("orders", "inventory", "payments"):
        records = system.records(name)
        wrong = disordered(records)
        system.expect(not wrong, wrong[:5])
        for kind in {record["headers"]["ce_type"] for record in records}:
            keys = {record["key"] for record in records if record["headers"]["ce_type"] == kind}
            system.expect(len(keys) == count, name, kind, len(keys), count)
        total += len(records)
    return total


def main():
    path, until = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    engines = take_environment()
    wanted = retail.json.loads(expected(path, until))
    with System(engines, secret=SECRET) as system:
        words = ["--until", until] if until else []
        words = ["replay", "--format", "online-retail", path, "--url", system.gateway.url, "--stock", "full", *words]
        begin = time.monotonic()
        found = system.ctl(*words)
        seconds = found.pop("seconds")
        system.expect(found == wanted, found, wanted)
        # It waits for outcomes for two minutes and then goes by what it knows.
        system.expect(seconds < 110 or not until, "an outcome was not seen", seconds)
        print(f"flow_replay: {found}, {seconds:.1f} s")
        again = system.ctl(*words)  # finds all of it
        again.pop("seconds")
        system.expect(again == wanted, again, wanted)
        system.verify()
        print(f"flow_replay: settled and verified after {time.monotonic() - begin:.0f} s")
        events = check_topics(system, wanted["orders"])
        print(f"flow_replay: {events} events; " + ", ".join(
            f"{daemon.service} {daemon.pss_kib() // 1024} MiB {cpu_s(daemon):.0f} s" for daemon in system.all))
        system.end()


main()
