#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pages.py OUT: makes one program of the Go blocks of docs/GO.md, each a function that the program calls
in the page's order, in a shop whose payments nobody but the page's own bank does."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGES = ("context", "errors", "fmt", "log", "net/http", "time", "aurora.dev/aurora",
            "aurora.dev/aurora/aurorahttp")
HEAD = """
func main() {
\tctx := context.Background()
\tshop, err := aurora.Open("memory:", aurora.WithSettings("payment=none:"))
\tif err != nil {
\t\tlog.Fatal(err)
\t}
\tdefer shop.Close()
\tgo shop.Payments.Serve(ctx, Bank{})
"""


def main():
    text = (ROOT / "docs" / "GO.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```go\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    top, calls = [], []
    for number, block in enumerate(blocks):
        if re.match(r"type |func ", block):
            top.append(block)
            continue
        tail = "" if block.rstrip().endswith("return err") else "\treturn nil\n"
        body = "".join("\t" + line if line.strip() else line for line in block.splitlines(keepends=True))
        top.append(f"func block{number}(ctx context.Context, shop *aurora.Shop) error {{\n{body}{tail}}}\n")
        calls.append(f"\tif err := block{number}(ctx, shop); err != nil {{\n"
                     f"\t\tlog.Fatal(\"block {number} of docs/GO.md: \", err)\n\t}}\n")
    code = "\n".join(top) + HEAD + "".join(calls) + "}\n"
    names = [name for name in PACKAGES if re.search(rf"\b{name.split('/')[-1]}\.", code)]
    imports = "".join(f'\t"{name}"\n' for name in names)
    if len(calls) < 5:
        sys.exit(f"docs/GO.md has {len(calls)} blocks that run")
    pathlib.Path(sys.argv[1]).write_text(f"package main\n\nimport (\n{imports})\n\n{code}", encoding="utf-8")


if __name__ == "__main__":
    main()
