//! Broken FHIR files: Bundles and NDJSON.

use crate::Breakage::{Bytes, Text};
use crate::Ends::{Error, Read, Reject};
use crate::{Breakage, Case, Ends};

const fn bundle(breakage: Breakage, ends: Ends, why: &'static str) -> Case {
    Case { file: "bundle.json", breakage, ends, why }
}

const fn lines(breakage: Breakage, ends: Ends, why: &'static str) -> Case {
    Case { file: "all.ndjson", breakage, ends, why }
}

/// The first bytes of a text.
fn part(text: &str, numerator: usize, denominator: usize) -> Vec<u8> {
    text.as_bytes()[..text.len() * numerator / denominator].to_vec()
}

/// A Patient that holds this.
fn patient(x: &str) -> String {
    format!("{{\"resourceType\":\"Patient\",\"id\":\"x\",\"x\":{x}}}")
}

/// Deeper than any stack.
fn deep() -> String {
    patient(&format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)))
}

/// A Bundle with one entry more, in front.
fn with_entry(text: &str, resource: &str) -> Vec<u8> {
    text.replacen("\"entry\":[", &format!("\"entry\":[{{\"resource\":{resource}}},"), 1).into()
}

const BEFORE_OF_B: &str = "\"id\":\"before-%B\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/%B\"},\"effectiveDateTime\":\"2026-01-04\"";
const DOSE_OF_B: &str = "\"id\":\"d-%B\",\"status\":\"completed\",\"subject\":{\"reference\":\"Patient/%B\"}";

pub(crate) const BUNDLE: &[Case] = &[
    bundle(Bytes(|text| part(text, 1, 2)), Error("fhir-not-json", "bundle.json"), "half a Bundle"),
    bundle(
        Bytes(|text| text[..text.len() - 1].into()),
        Error("fhir-not-json", "line"),
        "a Bundle without its last bracket",
    ),
    bundle(Bytes(|text| text.repeat(2).into()), Error("fhir-not-json", "line"), "two Bundles in one file"),
    bundle(Bytes(|_| Vec::new()), Error("fhir-not-json", "bundle.json"), "an empty file"),
    bundle(Bytes(|_| b"null".to_vec()), Error("fhir-no-resource", "bundle.json"), "no object"),
    bundle(Bytes(|text| with_entry(text, &deep())), Error("fhir-not-json", "line"), "nesting deeper than a stack"),
    bundle(
        Bytes(|text| with_entry(text, &patient(&format!("[{}0]", "0,".repeat(600_000))))),
        Error("fhir-not-json", "values"),
        "more values than a resource has",
    ),
    bundle(
        Bytes(|text| with_entry(text, &patient("1e400"))),
        Error("fhir-not-json", "line"),
        "a number past every float",
    ),
    bundle(
        Bytes(|text| with_entry(text, "{\"resourceType\":\"Patient\",\"id\":\"x\",\"id\":\"y\"}")),
        Error("fhir-not-json", "line"),
        "an element twice",
    ),
    bundle(Bytes(|text| with_entry(text, "7")), Error("fhir-not-json", "bundle.json"), "an entry that is no resource"),
    bundle(
        Bytes(|text| with_entry(text, "{\"id\":\"x\"}")),
        Error("fhir-no-resource", "bundle.json"),
        "a resource of no type",
    ),
    bundle(
        Bytes(|text| text.replacen("collection", "history", 1).into()),
        Error("fhir-bundle-type", "history"),
        "old versions",
    ),
    bundle(
        Bytes(|text| text.replacen("\"type\":\"collection\",", "", 1).into()),
        Error("fhir-bundle-type", "bundle.json"),
        "a Bundle of no type",
    ),
    bundle(
        Bytes(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Error("fhir-not-json", "bundle.json"),
        "UTF-16",
    ),
    bundle(
        Bytes(|text| text.replacen("female", "f\u{0}emale", 1).into()),
        Error("fhir-not-json", "line"),
        "a NUL byte",
    ),
    bundle(
        Bytes(|text| [&text.as_bytes()[..40], b"\xfc", &text.as_bytes()[40..]].concat()),
        Error("fhir-not-json", "line"),
        "Latin-1",
    ),
    bundle(
        Bytes(|text| text.replace("\":", "\" : ").replace('\n', "\r\n").into()),
        Read,
        "spaces, and line ends of Windows",
    ),
    bundle(Bytes(|text| [b"\xef\xbb\xbf", text.as_bytes()].concat()), Read, "a byte order mark"),
    bundle(
        Text("\"id\":\"after-%B\"", "\"id\":\"before-%B\""),
        Reject("other-content", "Observation", "newest version"),
        "an id twice",
    ),
    bundle(
        Text("\"identifier\":[{\"system\":\"urn:my-clinic:pseudonym\",\"value\":\"%B\"}]", "\"gender\":\"male\""),
        Error("fhir-not-json", "line"),
        "an element twice",
    ),
    bundle(
        Text("pseudonym\",\"value\":\"%B\"", "insurance\",\"value\":\"%B\""),
        Reject("no-identifier", "Patient", "--identifier"),
        "a patient without a pseudonym",
    ),
];

pub(crate) const LINES: &[Case] = &[
    lines(Bytes(|text| part(text, 1, 2)), Error("fhir-not-json", "line"), "half a file"),
    lines(
        Bytes(|text| [text.as_bytes(), b"{\"resourceType\":"].concat()),
        Error("fhir-not-json", "line 16"),
        "a last line that is cut off",
    ),
    lines(
        Bytes(|text| [text.as_bytes(), deep().as_bytes()].concat()),
        Error("fhir-not-json", "line 16"),
        "nesting deeper than a stack",
    ),
    lines(
        Bytes(|text| [text.as_bytes(), patient(&format!("\"{}\"", "x".repeat(17 << 20))).as_bytes()].concat()),
        Error("fhir-line-too-long", "line 16"),
        "a line of 17 MiB",
    ),
    lines(
        Bytes(|text| [text.as_bytes(), patient(&format!("\"{}\"", "x".repeat(10 << 20))).as_bytes(), b"\n"].concat()),
        Reject("no-identifier", "Patient", "--identifier"),
        "a line of 10 MiB",
    ),
    lines(Bytes(|text| text.replace('\n', "\r\n\r\n").into()), Read, "line ends of Windows, and empty lines"),
    lines(Bytes(|text| text.replace("}\n{", "}{").into()), Error("fhir-not-json", "line 1"), "no line ends"),
    lines(
        Text("\"value\":36.5", "\"value\":\"36,5\""),
        Reject("wrong-shape", "MedicationAdministration.dosage.dose.value", "source"),
        "a decimal comma",
    ),
    lines(
        Text(BEFORE_OF_B, BEFORE_OF_B_MONTH),
        Reject("not-to-the-day", "Observation.effectiveDateTime", "day"),
        "a month for a day",
    ),
    lines(
        Text(BEFORE_OF_B, BEFORE_OF_B_NEVER),
        Reject("not-a-date", "Observation.effectiveDateTime", "2026"),
        "a day that no calendar has",
    ),
    lines(
        Text(BEFORE_OF_B, BEFORE_OF_B_LATER),
        Reject("future", "Observation.effectiveDateTime", "correct"),
        "a day that has not come",
    ),
    lines(
        Text(BEFORE_OF_B, BEFORE_OF_B_NUMBER),
        Reject("wrong-shape", "Observation.effectiveDateTime", "source"),
        "a day counted",
    ),
    lines(Text(DOSE_OF_B, DOSE_OF_NOBODY), Reject("no-such-patient", "Patient", "export"), "a dose of nobody"),
    lines(
        Text("\"id\":\"after-%B\"", "\"id\":\"before-%B\""),
        Reject("other-content", "Observation", "newest version"),
        "an id twice",
    ),
];

const BEFORE_OF_B_MONTH: &str = "\"id\":\"before-%B\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/%B\"},\"effectiveDateTime\":\"2026-01\"";
const BEFORE_OF_B_NEVER: &str = "\"id\":\"before-%B\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/%B\"},\"effectiveDateTime\":\"2026-02-30\"";
const BEFORE_OF_B_LATER: &str = "\"id\":\"before-%B\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/%B\"},\"effectiveDateTime\":\"2999-01-04\"";
const BEFORE_OF_B_NUMBER: &str =
    "\"id\":\"before-%B\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/%B\"},\"effectiveDateTime\":-1";
const DOSE_OF_NOBODY: &str = "\"id\":\"d-%B\",\"status\":\"completed\",\"subject\":{\"reference\":\"Patient/gone\"}";
