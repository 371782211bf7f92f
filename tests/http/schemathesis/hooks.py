# SPDX-License-Identifier: MIT
"""What schemathesis has to be told: how a request is signed, and that nobody waits for long. Its own process imports it
(SCHEMATHESIS_HOOKS); the key is in AURORA_FUZZ_SECRET."""

import hashlib
import hmac
import os
import pathlib
import re
import sys
import time
from urllib.parse import urlsplit

import requests
import schemathesis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from aurora_server import signed_fields  # noqa: E402

SECRET = os.environ["AURORA_FUZZ_SECRET"]
CALLBACKS = "/payments/callbacks"
PRINCIPAL = "schemathesis"


def prepared(case):
    request = requests.Request(**{name: value for name, value in case.as_transport_kwargs().items()
                                  if name in ("method", "url", "headers", "params", "data", "json", "files", "cookies")})
    made = request.prepare()
    parts = urlsplit(made.url)
    body = made.body or b""
    target = parts.path + ("?" + parts.query if parts.query else "")
    return made.method, target, body.encode() if isinstance(body, str) else body


def sign(case):
    method, target, body = prepared(case)
    if case.operation.path == CALLBACKS:
        now = str(int(time.time()))
        fields = {"Aurora-Timestamp": now,
                  "Aurora-Signature": hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()}
    else:
        fields = signed_fields(SECRET, method, target, body, principal=PRINCIPAL)
    case.headers.update(fields)


@schemathesis.auth(refresh_interval=None)
class Signed:
    def get(self, case, context):
        return PRINCIPAL

    def set(self, case, data, context):
        case.headers["Aurora-Principal"] = data
        sign(case)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Waiting is tried elsewhere; here it would only cost the time of other cases."""
    headers = case.headers or {}
    wait = (case.query or {}).get("wait")
    if isinstance(wait, int) and 1 < wait <= 30 or isinstance(wait, str) and re.fullmatch(r"[12]?[0-9]|30", wait):
        case.query["wait"] = 0
    if re.search(r"wait\s*=", str(headers.get("Prefer", ""))):
        headers["Prefer"] = "wait=0"
    if headers.get("Aurora-Principal") == PRINCIPAL or (case.operation.path == CALLBACKS and case._has_explicit_auth):
        sign(case)
