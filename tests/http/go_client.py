#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs go_client against a server, then counts what it sold."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server  # noqa: E402

with tempfile.TemporaryDirectory(prefix="aurora-go-") as folder, Server() as server:
    source = pathlib.Path(__file__).with_name("go_client")
    subprocess.run(["go", "build", "-o", f"{folder}/client", "."], cwd=source, check=True, timeout=200,
                   env=dict(os.environ, GOFLAGS="-mod=mod", GOTOOLCHAIN="local"))
    server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
    server.call("POST", "/inventory/mug/receipts", {"quantity": 100000})
    subprocess.run([f"{folder}/client", f"http://127.0.0.1:{server.port}"], check=True, timeout=120)
    stock = server.call("GET", "/inventory/mug")[2]
    if (stock["sold"], stock["reserved"]) != (800, 0):
        raise SystemExit(f"800 orders were placed, but stock is {stock}")
