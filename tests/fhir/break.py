#!/usr/bin/env python3
"""Writes copies of a Bundle that are wrong in one way each, to see that a validator is awake.

    python3 tests/fhir/break.py BUNDLE FOLDER

Every copy is a file of its own, named after its flaw.
"""

import copy
import json
import pathlib
import sys


def first(bundle, kind):
    return next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind)


FLAWS = {
    "an-element-that-fhir-lacks": lambda b: first(b, "Observation").update(colour="blue"),
    "an-element-that-a-reference-lacks": lambda b: first(b, "Observation")["subject"].update(colour="blue"),
    "an-object-for-a-number": lambda b: first(b, "Observation")["valueQuantity"].update(value={"is": 12}),
    "no-status": lambda b: first(b, "Observation").pop("status"),
    "no-medicine": lambda b: first(b, "MedicationAdministration").pop("medicationCodeableConcept"),
    "no-subject-of-a-dose": lambda b: first(b, "MedicationAdministration").pop("subject"),
    "two-values": lambda b: first(b, "Observation").update(valueString="twelve"),
    "no-type-of-bundle": lambda b: b.pop("type"),
}


def main(source, folder):
    text = pathlib.Path(source).read_text()
    bundle = json.loads(text)
    folder = pathlib.Path(folder)
    folder.mkdir()
    for name, spoil in FLAWS.items():
        spoilt = copy.deepcopy(bundle)
        spoil(spoilt)
        (folder / f"{name}.json").write_text(json.dumps(spoilt))
    (folder / "half-a-bundle.json").write_text(text[: len(text) // 2])
    (folder / "more-behind-the-bundle.json").write_text(text + "{}")


if __name__ == "__main__":
    main(*sys.argv[1:])
