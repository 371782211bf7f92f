#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds rendered events against docs/schemas and docs/asyncapi.yaml: event_schemas.py FOLDER, where
FOLDER/TYPE is one event's data. Exit status 77 without python3-jsonschema."""

import json
import os
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

ROOT = pathlib.Path(os.environ.get("AURORA_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))


def check(path):
    schema = json.loads((ROOT / "docs/schemas" / f"{path.name}.json").read_text())
    data = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)
    unknown = set(data) - set(schema["properties"])
    if unknown:
        raise SystemExit(f"{path.name}: {sorted(unknown)} are in no schema")
    for member in schema["required"]:  # a schema that lets everything pass would say nothing
        less = {name: value for name, value in data.items() if name != member}
        if jsonschema.Draft202012Validator(schema).is_valid(less):
            raise SystemExit(f"{path.name}: is valid without {member}")


def main():
    events = sorted(pathlib.Path(sys.argv[1]).iterdir())
    for path in events:
        check(path)
    names = {path.name for path in events}
    schemas = {path.stem for path in (ROOT / "docs/schemas").glob("*.json")}
    described = set(re.findall(r"^      name: (\S+)$", (ROOT / "docs/asyncapi.yaml").read_text(), re.M))
    if schemas != names or not names <= described:
        raise SystemExit(f"rendered {sorted(names)}, schemas {sorted(schemas)}, described {sorted(described)}")
    print(f"{len(names)} kinds agree with their schemas")


main()
