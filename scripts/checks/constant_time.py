#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S18: files that authenticate compare secrets by aurora_secret_is_equal alone. A comparison that ends at the first difference
is allowed there only for what is no secret, which PUBLIC names; and files that have come to authenticate must be listed."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

# What checks a signature, a code of authentication or a secret.
FILES = ["src/http/hmac.c", "src/http/page_cursor.c", "src/http/principal.c", "src/http/secret.c", "src/http/signature.c",
         "src/routes/payments.c", "src/adapters/payment_http/request.c", "src/adapters/notifier_webhook/message.c",
         "src/auth/key.c", "src/auth/key_confirm.c", "src/auth/cache.c"]
# (file, what the line has): names that everybody may know.
PUBLIC = [
    ("src/http/page_cursor.c", "memcmp(word, other, length)"),  # a parameter's name
    ("src/http/principal.c", '"localhost"'),
    ("src/http/signature.c", "scope_names[i].name"),
    ("src/adapters/notifier_webhook/message.c", "sizeof mark - 1"),  # whether a setting of ours begins with whsec_
    ("src/routes/payments.c", "aurora_outcome_name"),
]
COMPARES = re.compile(r"\b(?:mem|str|strn|strcase|strncase|b|wmem)cmp\s*\(|\bstrcasecmp\s*\(|\bstrncasecmp\s*\(")
CONSTANT = re.compile(r"\bCRYPTO_memcmp\s*\(")
# The one place of it, and names of tickets, which libssl hands over by their address.
CONSTANT_IN = {"src/http/secret.c", "src/tls/tickets.c"}
# What makes a file one that authenticates.
VERIFIES = re.compile(r"\baurora_secret_is_equal\s*\(|\bEVP_DigestVerify\s*\(|\baurora_signature_is_equal\s*\(")


def code_of(path):
    text = path.read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group(0).count("\n"), text, flags=re.S)


def main():
    failures = []
    for name in FILES:
        path = ROOT / name
        if not path.exists():
            failures.append(f"{name}: is listed and not there")
            continue
        for number, line in enumerate(code_of(path).splitlines(), 1):
            plain = CONSTANT.sub("", line)
            if COMPARES.search(plain) and not any(name == of and part in line for of, part in PUBLIC):
                failures.append(f"{name}:{number}: compares in a time that tells: {line.strip()}")
    for path in sorted((ROOT / "src").rglob("*.c")):
        name, text = str(path.relative_to(ROOT)), code_of(path)
        if CONSTANT.search(text) and name not in CONSTANT_IN:
            failures.append(f"{name}: compares by CRYPTO_memcmp in place of aurora_secret_is_equal")
        if VERIFIES.search(text) and name not in FILES:
            failures.append(f"{name}: authenticates and is not listed in {pathlib.Path(__file__).name}")
    print("\n".join(failures))
    print(f"constant_time: {len(FILES)} files that authenticate, {len(failures)} objections")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
