# SPDX-License-Identifier: MIT
"""The console's files as a browser asks for them, from aurorad and from a gateway."""

import gzip
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Gateway, Server  # noqa: E402

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


def expect(condition, *what):
    if not condition:
        sys.exit(f"console: {' '.join(map(str, what))}")


def check_fields(fields, what):
    expect(fields.get_all("Content-Security-Policy") == [POLICY], what, fields.items())
    expect(fields["X-Content-Type-Options"] == "nosniff" and fields["Referrer-Policy"] == "no-referrer", what, fields.items())


def check_index(server):
    status, fields, index = server.call("GET", "/", headers={"Accept": "*/*"})
    expect(status == 200 and fields["Content-Type"] == "application/json", "curl's /:", status, fields.items())
    vary = fields["Vary"]
    status, fields, _ = server.raw("GET", "/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    if "console" in index["links"]:
        expect(vary == "Accept", "/ may be kept for the wrong reader:", fields.items())
        expect((status, fields["Location"]) == (303, "/console/"), "a browser's /:", status, fields.items())
    else:
        expect(status == 200, "/ leads to what there is not:", status, fields.items())
    return "console" in index["links"]


def check_absent(server):
    for path in ("/console", "/console/", "/console/main.js"):
        status, _, problem = server.call("GET", path)
        expect(status == 404 and problem["code"] == "not_found", path, status, problem)
        expect("There is no console here: this build" in problem["detail"], path, problem)


def check_page(server):
    status, fields, _ = server.raw("GET", "/console")
    expect((status, fields["Location"]) == (308, "/console/"), "/console:", status, fields.items())
    status, fields, page = server.raw("GET", "/console/")
    expect(status == 200 and fields["Content-Type"] == "text/html; charset=utf-8", "/console/:", status, fields.items())
    expect(fields["Cache-Control"] == "no-cache", "the page is kept:", fields.items())
    check_fields(fields, "/console/")
    expect(b"<script>" not in page and b"style=" not in page and b"://" not in page, "what the policy forbids:", page)
    names = re.findall(r'(?:href|src)="([^"]+)"', page.decode())
    expect(len(names) == 4, "the page names", names)
    return names


def check_file(server, name):
    path = "/console/" + name
    status, fields, plain = server.raw("GET", path)
    expect(status == 200 and int(fields["Content-Length"]) == len(plain) > 0, path, status, fields.items())
    expect(fields["Cache-Control"] == "public, max-age=31536000, immutable", path, fields.items())
    expect("Content-Encoding" not in fields, path, fields.items())
    check_fields(fields, path)
    status, head, body = server.raw("HEAD", path)
    expect((status, head["Content-Length"], body) == (200, str(len(plain)), b""), "HEAD", path, status, head.items())
    status, small_fields, small = server.raw("GET", path, headers={"Accept-Encoding": "gzip, br"})
    if small_fields["Content-Encoding"] == "gzip":
        expect(gzip.decompress(small) == plain and len(small) < len(plain), path, "by gzip is another file")
        expect("Accept-Encoding" in small_fields["Vary"], path, small_fields.items())
        expect(small_fields["ETag"] != fields["ETag"], path, "has one tag for two bodies")
    for tag in (fields["ETag"], "W/" + fields["ETag"], f'"other", {small_fields["ETag"]}', "*"):
        status, not_modified, body = server.raw("GET", path, headers={"If-None-Match": tag})
        expect((status, body) == (304, b""), path, tag, status)
        expect(not_modified["Cache-Control"] == fields["Cache-Control"], path, not_modified.items())
    status, _, _ = server.raw("GET", path, headers={"If-None-Match": '"other"'})
    expect(status == 200, path, "another's tag:", status)


def check_nothing_else(server):
    for path in ("/console/none.js", "/console/index.html", "/console/%2e%2e", "/console/..%2fetc", "/console/a/b",
                 "/console//etc/passwd", "/console/../livez", "/console/main"):
        status, fields, problem = server.call("GET", path)
        expect(status in (400, 404) and fields["Content-Type"] == "application/problem+json", path, status, problem)
    expect(server.call("POST", "/console/", {})[0] == 405, "POST")
    expect(server.call("GET", "/console/?a=b")[0] == 400, "a parameter that nobody knows")


def check(server):
    if not check_index(server):
        check_absent(server)
        print("skipped: this build has no console")
        return False
    for name in check_page(server):
        check_file(server, name)
    check_nothing_else(server)
    return True


def main():
    with Server() as server:
        if not check(server):
            return 77
    with Gateway() as gateway:
        check(gateway)
    with Server("--modules", "search") as part:
        expect(check(part), "aurorad with one module has no console")
    return 0


if __name__ == "__main__":
    sys.exit(main())
