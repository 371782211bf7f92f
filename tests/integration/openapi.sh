#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The description of the API, read by the OpenAPI project's own validator, and its examples held
# against its schemas. Needs a package that Debian does not have: skipped where that is not.
set -euo pipefail

document=$AURORA_SOURCE_DIR/src/routes/openapi.json
python=$AURORA_SOURCE_DIR/var/venv-openapi/bin/python
[ -x "$python" ] || python=python3
if ! "$python" -c 'import openapi_spec_validator' 2> /dev/null; then
    echo "skipped: no openapi-spec-validator. To have it:"
    echo "  python3 -m venv var/venv-openapi && var/venv-openapi/bin/pip install openapi-spec-validator"
    exit 77
fi

"$python" - "$document" << 'PYTHON'
import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

document = json.load(open(sys.argv[1], encoding="utf-8"))
validate(document)

base = "urn:aurora"
resource = Resource.from_contents(document, default_specification=DRAFT202012)
registry = Registry().with_resource(base, resource)
count = 0
for name, schema in document["components"]["schemas"].items():
    for example in schema.get("examples", []):
        validator = Draft202012Validator({"$ref": f"{base}#/components/schemas/{name}"},
                                         registry=registry)
        for error in validator.iter_errors(example):
            sys.exit(f"the example of {name}: {error.json_path}: {error.message}")
        count += 1
print(f"openapi: valid, {len(document['paths'])} paths, {count} examples fit their schemas")
PYTHON
