#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs k6 for each flow, watches the servers meanwhile, and writes summary.txt, summary.json and report.html. ./dev load
calls it. Exit status 0: all thresholds are met, 1: one is not, 2: it could not be driven."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import page
import summary
from samples import Run
from scrape import Generator, Target

LOAD = pathlib.Path(__file__).resolve().parents[1]
THRESHOLDS_CROSSED = 99  # k6's exit status


def arguments():
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("--k6", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--target", default="url", choices=("aurorad", "cluster", "url"))
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--metrics", action="append", default=[])
    parser.add_argument("--samples", action="store_true", help="keep what k6 wrote of each request")
    for name in ("rate", "duration", "warm", "profile", "p95", "p99"):
        parser.add_argument(f"--{name}")
    parser.add_argument("flows", nargs="+")
    return parser.parse_args()


def environment(given):
    """Ours for k6: an option on the command line is stronger than its LOAD_ name."""
    own = dict(os.environ, LOAD_URL=given.url, K6_NO_USAGE_REPORT="true")
    for name in ("rate", "duration", "warm", "profile", "p95", "p99"):
        if getattr(given, name):
            own[f"LOAD_{name.upper()}"] = getattr(given, name)
    return own


def targets(given):
    named = [text.partition("=") if "=" in text.partition("//")[0] else ("server", "=", text) for text in given.metrics]
    return [Target(name, url) for name, _, url in named] or [Target("server", f"{given.url.rstrip('/')}/metrics")]


def drive(given, flow, folder):
    """(Run, k6's own summary, Targets, Generator, k6's exit status)"""
    samples, figures = folder / "samples.csv", folder / "k6.json"
    watched = targets(given)
    for target in watched:
        target.start()
    process = subprocess.Popen(
        [given.k6, "run", "--quiet", "--no-color", "--out", f"csv=fileName={samples},timeFormat=unix_milli",
         str(LOAD / f"{flow}.js")],
        env=dict(environment(given), LOAD_SUMMARY=str(figures)))
    generator = Generator(process.pid)
    generator.start()
    try:
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        generator.end()
        for target in watched:
            target.end()
    if status not in (0, THRESHOLDS_CROSSED) or not figures.exists():
        print(f"load: k6 ended with status {status}, which says nothing of the thresholds", file=sys.stderr)
        sys.exit(2)
    run = Run(flow).read(samples)
    if given.samples:
        shutil.move(samples, given.out / f"samples-{flow}.csv")
    else:
        samples.unlink()
    return run, json.loads(figures.read_text(encoding="utf-8")), watched, generator, status


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def about(given):
    version = subprocess.run([given.k6, "version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    words = [f"--{name} {getattr(given, name)}" for name in ("rate", "duration", "warm", "profile", "p95", "p99")
             if getattr(given, name)]
    where = {"aurorad": "", "cluster": " --cluster", "url": f" --url {given.url}"}[given.target]
    flow = "all" if len(given.flows) > 1 else given.flows[0]
    return {
        "command": " ".join([f"./dev load {flow}{where}", *words]),
        "url": given.url,
        "began": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "generator": version,
        "machine": machine(),
    }


def main():
    given = arguments()
    words = about(given)
    given.out.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-load-"))
    try:
        results = [summary.Result(*drive(given, flow, folder)) for flow in given.flows]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = summary.as_text(words, results)
    print(text)
    (given.out / "summary.txt").write_text(f"{text}\n", encoding="utf-8")
    (given.out / "summary.json").write_text(json.dumps(summary.as_json(words, results), indent=1) + "\n", encoding="utf-8")
    (given.out / "report.html").write_text(page.as_html(words, results), encoding="utf-8")
    print(f"load: {given.out}/report.html has the plots")
    return 0 if all(result.status == 0 for result in results) else 1


sys.exit(main())
