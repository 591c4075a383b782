#!/usr/bin/env python3
"""Holds exported FHIR against a validator that Sumac did not write.

    python3 -m venv VENV && VENV/bin/pip install 'fhir.resources==8.*'
    VENV/bin/python tests/fhir/validate.py FILE_OR_FOLDER...

Reads Bundles, single resources (.json) and NDJSON files (.ndjson). Every resource is parsed by
`fhir.resources` in its R4B edition, which has no R4 one: what Sumac writes is the same in both. It is
strict about unknown elements, missing required ones and types. The rest is checked here: that ids are
unique, that every reference leads somewhere, and that no name, address or contact stands anywhere.
Prints what was read, and ends with 1 if anything is wrong.
"""

import collections
import importlib
import json
import pathlib
import sys

PERSONAL = {"name", "address", "telecom", "photo", "birthDate", "deceasedDateTime"}


def files(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix in (".json", ".ndjson"))
        else:
            yield path


def resources(path):
    """Each top-level resource of a file, with where it stands."""
    if path.suffix == ".ndjson":
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{path.name}:{number}", json.loads(line)
    else:
        yield path.name, json.loads(path.read_text())


def model(kind):
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    return getattr(module, kind)


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def main(paths):
    counts, problems = collections.Counter(), []
    known, wanted = set(), []

    def take(where, resource):
        kind = resource.get("resourceType")
        counts[kind] += 1
        try:
            model(kind).model_validate(resource)
        except Exception as why:  # whatever the validator raises is a finding
            problems.append(f"{where}: {kind}: {why}")
        key = f"{kind}/{resource.get('id')}"
        if kind != "Bundle":
            if key in known:
                problems.append(f"{where}: {key} stands twice")
            known.add(key)
            if kind == "Patient" and PERSONAL & resource.keys():
                problems.append(f"{where}: {sorted(PERSONAL & resource.keys())}")
            wanted.extend((where, reference) for reference in references(resource))

    for path in files(paths):
        try:
            for where, resource in resources(path):
                take(where, resource)
                for number, entry in enumerate(resource.get("entry", []), 1):
                    take(f"{where} entry {number}", entry["resource"])
                    known.add(entry["fullUrl"])
        except ValueError as why:
            problems.append(f"{path.name}: no JSON: {why}")
    problems += [f"{where}: {ref} leads nowhere" for where, ref in wanted if ref not in known]
    for kind, count in sorted(counts.items()):
        print(f"{count:6} {kind}")
    for problem in problems[:50]:
        print(problem)
    print(f"{sum(counts.values())} resources, {len(problems)} problems")
    return 1 if problems or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
