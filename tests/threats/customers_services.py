#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S15 before the real services: what threats/customers asks, of a gateway with the seven daemons behind it, over
AURORA_TEST_POSTGRES and AURORA_TEST_KAFKA. ctest: timeout 300

Mutation: as threats/customers; and sign() of src/gateway/request.c writes "anonymous" for who asked, into the field and
into what it signs: services take everybody for one customer."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import customers  # noqa: E402
from aurora_cluster import System, take_environment  # noqa: E402
from aurora_threats import SECRET, Client, Complaints, need  # noqa: E402


def main():
    need("aurora-gateway", "aurora-order", "aurora-notification")
    found, engines = Complaints(), take_environment()
    for name in ("POSTGRES", "KAFKA"):
        if not engines[name]:
            print(f"skipped: AURORA_TEST_{name} is not set (./dev up)")
            sys.exit(77)
    with System(engines, secret=SECRET) as system:
        system.sell("mug", 1000)
        system.place("tok_approve", principal="warm-up")  # the price list has heard of it
        client = Client(system.gateway.port)
        customers.run(found, customers.Shop(client))
        print(f"customers_services: {client.count} requests")
    found.end("customers_services")


if __name__ == "__main__":
    main()
