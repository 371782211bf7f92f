# SPDX-License-Identifier: MIT
"""gunicorn --preload: four workers forked from one open shop sell from one file, while Python's own
sqlite3 opens, reads and closes it in the same processes; then all of them are killed."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

import aurora
from conftest import stocked

pytest.importorskip("gunicorn")
HERE = pathlib.Path(__file__).parent
WORKERS = 4
CLIENTS = 8


@contextlib.contextmanager
def serving(path, folder):
    """The port of a gunicorn, which is killed with its workers at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--bind", f"fd://{listener.fileno()}", "--chdir", str(HERE),
         "--log-level", "warning", "gunicorn_app:app"],
        env={**os.environ, "AURORA_SHOP": str(path)}, pass_fds=[listener.fileno()], cwd=folder,
        start_new_session=True)
    try:
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        listener.close()


def buy(port, name, answers, until):
    """Buys until the server is gone; remembers what was answered."""
    at = 0
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", f"/{name}-{at}")
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            if answers:
                return  # killed: an answer that was cut off is none
            time.sleep(0.05)
            continue
        finally:
            connection.close()
        assert response.status == 201, text
        body = json.loads(text)
        answers.append(body)
        at += 1


def test_acknowledged_orders_survive_the_kill_of_all_workers(tmp_path):
    path = tmp_path / "shop.db"
    stocked(aurora.open(path), 1_000_000).close()
    answers = [[] for _ in range(CLIENTS)]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        with serving(path, tmp_path) as port:
            until = time.monotonic() + 60
            buyers = [pool.submit(buy, port, f"c{at}", answers[at], until) for at in range(CLIENTS)]
            while time.monotonic() < until and (
                    sum(map(len, answers)) < 300
                    or len({body["pid"] for one in answers for body in one}) < WORKERS):
                time.sleep(0.05)
        for buyer in buyers:
            buyer.result(70)
    acknowledged = [body for one in answers for body in one]

    with aurora.open(path) as shop:
        assert shop.verify().is_ok
        stored = {str(order.id): order.status.name for order in shop.orders.list()}

    assert len({body["pid"] for body in acknowledged}) == WORKERS
    assert {body["status"] for body in acknowledged} == {"COMPLETED"}
    assert [body["id"] for body in acknowledged if stored.get(body["id"]) != "COMPLETED"] == []
    assert all(0 < body["stored"] <= len(stored) for body in acknowledged)
    assert len(acknowledged) <= len(stored) <= len(acknowledged) + CLIENTS
