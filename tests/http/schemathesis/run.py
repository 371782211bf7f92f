# SPDX-License-Identifier: MIT
"""S12, S23: schemathesis, a fuzzer of others, against /openapi.json of a real server and of a gateway, all checks on. Every
failure that EXPLAINED does not name, with its reason, is one of ours. `run.py PYTHON SECONDS`"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from aurora_server import BIN, Gateway, Server  # noqa: E402

SECRET = "a secret of at least thirty-two bytes"
SEED = os.environ.get("AURORA_SEED", "7")
PRODUCTS = 40

# (code of the check, status of the answer or "", what its detail or the failure says) and why it is right.
EXPLAINED = [
    ("ST202", "400", r"cursor must be a next_cursor", "a cursor is sealed: no schema can draw one"),
    ("ST202", "400", r"(limit|wait|cursor|sku|key|consumer) .*", "a path or a query has a rule that no schema can say"),
    ("ST202", "400", r"must be an integer from", "JSON Schema takes 1.0 for an integer; the API takes no fraction, also not .0"),
    ("ST202", "400", r"after must be a whole number from 0 to 9223372036854775806", "its generator rounds numbers of 64 bits"),
    ("ST202", "400", r"currency must be a code of ISO 4217", "a `$` of Python stands before a last line end too"),
    ("ST202", "400", r"/participant is required", "a body may be left out where all of it may; here one of its members may not"),
    ("ST202", "400", r"/result must be", "what a step can have come to hangs on the participant"),
    ("ST202", "400", r"/sku must be the SKU of the path or absent", "two places of one request must agree"),
    ("ST202", "400", r"must be \d+ to \d+ bytes|is longer than|at most [0-9,]+ bytes|1 to 64 bytes",
     "lengths are bytes of UTF-8, JSON Schema counts characters"),
    ("ST202", "400", r"must lie from 1970 to 9999|must be a time|an RFC 3339", "format date-time has years that no order has"),
    ("ST202", "400", r"not allowed|must be UTF-8|surrogate", "a NUL or half a character as an escape"),
    ("ST202", "400", r"(description|image_url) must not hold control characters",
     "a pattern over 65,536 characters takes its generator half a minute"),
    ("ST202", "400", r"the path may not have slashes or control characters as escapes", "S8"),
    ("ST202", "400", r"Prefer|charges|unit_price_minor|placed_at|min_price|max_price", "members that need or bound each other"),
    ("ST202", "412", r"", "a condition that does not hold"),
    ("ST202", "422", r"Idempotency-Key", "S17: a key was used with another request before"),
    ("ST202", "422", r"at must not be before|sku|currency|total|amount", "what the shop has or has not, not the request's form"),
    ("ST202", "409", r"", "the state of the thing does not allow it"),
    ("ST202", "415", r"Content-Type", "a type that the document does not name"),
    ("ST202", "400", r"If-None-Match cannot be given with If-Match", "two conditions of one request bound each other"),
    ("ST201", "413", r"", "a body that is too long is refused before it is read"),
    ("ST201", "200", r"`Last-Event-ID` in header", "an empty one is none, as the HTML standard has it"),
    ("ST201", "200", r"in body[\s\S]*\bproducts\b", "a batch is answered item by item, each with a status of its own"),
]


def explained(failure):
    code, status, said = failure
    return any(code == known and status == at and re.search(pattern, said) for known, at, pattern, _ in EXPLAINED)


def failures(text):
    """((code, status, what was said), block) of each failure in a report."""
    for match in re.finditer(r"\n\d+\. Test Case ID: \w+\n\n(.*?)(?=\n\d+\. Test Case ID|\n_{3,} |\n={3,} )", text, re.S):
        block = match.group(1)
        status = re.search(r"^\[(\d+)\]", block, re.M)
        detail = re.search(r'"detail":"(.*?)","trace_id', block)
        for failure in re.finditer(r"- (ST\d+) [^\n]*\n\n(.*?)(?=\n\n)", block + "\n\n", re.S):
            said = (detail.group(1) if detail and failure.group(1) == "ST202" else failure.group(2)).strip()
            yield (failure.group(1), status.group(1) if status else "", said), block


def errors(text):
    """What stopped schemathesis itself, a server that does not answer above all."""
    match = re.search(r"=+ ERRORS =+\n(.*?)(?=\n=+ (?:FAILURES|WARNINGS|SUMMARY) =+)", text, re.S)
    return match.group(1).strip() if match else ""


def run(python, server, seconds, phases):
    environment = dict(os.environ, AURORA_FUZZ_SECRET=SECRET, SCHEMATHESIS_HOOKS=str(HERE / "hooks.py"))
    command = [python, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", "all",
               "--seed", SEED, "--max-time", str(seconds), "--phases", phases, "--max-examples", "10", "--no-shrink",
               "--generation-database", "none", "--generation-with-security-parameters", "false",
               "--continue-on-failure", "--request-timeout", "15", "--warnings", "off", "--no-color"]
    with tempfile.TemporaryDirectory(prefix="aurora-schemathesis-") as folder:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False,
                              timeout=seconds * 3 + 120)
    return done.stdout + done.stderr


def seed(server):
    environment = dict(os.environ, AURORA_SERVICE_SECRET=SECRET)
    subprocess.run([str(BIN / "auroractl"), "seed", "--url", f"http://127.0.0.1:{server.port}"], env=environment,
                   stdout=subprocess.DEVNULL, check=True)


def judge(what, text):
    cases = re.search(r"(\d+) generated", text)
    if cases is None:
        print(text[-4000:])
        return 1
    count, bad = 0, 0
    for failure, block in failures(text):
        count += 1
        if not explained(failure):
            bad += 1
            print(f"--- {what}: {failure}\n{block}\n")
    if errors(text):
        bad += 1
        print(f"--- {what}: schemathesis could not go on:\n{errors(text)}")
    print(f"schemathesis: {what}: {cases.group(1)} cases, {count - bad} explained failures, {bad} others")
    return bad


def main():
    python, seconds = sys.argv[1], int(sys.argv[2])
    settings = ("--order-wait", "100ms")
    secrets = {"AURORA_PAYMENT_SECRET": SECRET}
    bad = 0
    with Server(*settings, secret=SECRET, environment=secrets) as server:
        seed(server)
        bad += judge("aurorad", run(python, server, seconds, "examples,coverage,fuzzing,stateful"))
        if server.process.poll() is not None:
            sys.exit(f"the server has ended: {server.log_text()[-2000:]}")
    with Gateway(*settings, secret=SECRET, environment=secrets) as gateway:
        seed(gateway)
        bad += judge("gateway", run(python, gateway, max(seconds * 2 // 3, 15), "coverage,stateful"))
    sys.exit(1 if bad else 0)


main()
