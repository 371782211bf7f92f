#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A port of 127.0.0.1 that is nobody else's until its process ends: `free_port()`, or by a shell

    port=$(python3 scripts/lib/free_port.py $$ [FIRST LAST [TAKEN...]])

It lies below those that the kernel hands out (net.ipv4.ip_local_port_range), so that no outgoing connection and no
listener on port 0 gets it while its server is not up yet, or is down for a moment; and who takes one holds a socket
of an abstract name, so that no other test takes it meanwhile. tests/support/free_port.c does the same for C."""

import os
import random
import select
import socket
import sys

FIRST, LAST = 20000, 31999  # those of engines are below (engine_port of engines.sh)
held = []


def free_port(first=FIRST, last=LAST, taken=()):
    ports = sorted(set(range(first, last + 1)) - set(taken))
    random.shuffle(ports)
    for port in ports:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0aurora-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        held.append(claim)
        return port
    raise SystemExit(f"no port from {first} to {last} is free")


def hold_for(process):
    """A child keeps what is held until `process` has ended; this one goes on."""
    watched = os.pidfd_open(process)
    if os.fork() == 0:
        os.setsid()
        kept = {watched, *(claim.fileno() for claim in held)}
        for name in os.listdir("/proc/self/fd"):  # pipes and locks of the shell among them
            if int(name) not in kept:
                os.closerange(int(name), int(name) + 1)
        select.select([watched], [], [])
        os._exit(0)


def main():
    process, *rest = map(int, sys.argv[1:])
    port = free_port(*rest[:2], taken=rest[2:])
    hold_for(process)
    print(port)


if __name__ == "__main__":
    main()
