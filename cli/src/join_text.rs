//! A request to be listed as one line of capitals and digits, which is read aloud, pasted or scanned.
//!
//! The line carries payload and signature alone, in base32 (RFC 4648, §6): what a QR code holds best, and what survives
//! every chat program. Kind and signer stand in the payload's own place, so the signature decides whether it was changed.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};
use serde_json::{Value, json};
use sumac_protocol::document::Kind;
use sumac_protocol::document::join::{Join, admit_join};
use sumac_protocol::envelope::{Envelope, Verified};

use crate::failure::Failure;
use crate::files;

/// The line of a signed request. None for an envelope that holds anything else than one payload and one signature.
pub(crate) fn line_of(request: &Envelope) -> Option<String> {
    let envelope: Value = serde_json::from_str(&request.to_json()).ok()?;
    let bytes = |at: &str| STANDARD.decode(envelope.pointer(at)?.as_str()?).ok();
    let (payload, signature) = (bytes("/payload")?, bytes("/signatures/0/sig")?);
    (signature.len() == SIGNATURE_BYTES)
        .then(|| format!("{MARK}{}", BASE32_NOPAD.encode(&[payload, signature].concat())))
}

/// The envelope of such a line; white space and the case of letters do not matter. Whether it holds is not looked at.
fn envelope_of(line: &str) -> Option<Envelope> {
    let line: String = line.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let bytes = BASE32_NOPAD.decode(line.strip_prefix(MARK)?.as_bytes()).ok()?;
    let (payload, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
    let key = serde_json::from_slice::<Value>(payload).ok()?.get("key")?.clone();
    let (payload, signature) = (STANDARD.encode(payload), STANDARD.encode(signature));
    let signatures = [json!({ "keyid": key, "sig": signature })];
    let envelope = json!({ "payloadType": Kind::Join.payload_type(), "payload": payload, "signatures": signatures });
    Envelope::from_json(envelope.to_string().as_bytes()).ok()
}

/// Reads a request from a file: the envelope that `sumac node init` writes, or the line of it.
pub(crate) fn read(path: &Path) -> Result<Verified<Join>, Failure> {
    let text = files::read(path)?;
    let envelope = match envelope_of(&text) {
        Some(envelope) => envelope,
        None => files::envelope(path)?,
    };
    admit_join(&envelope).map_err(|why| files::named(path, why.into()))
}

/// The line as a QR code, in rows of half blocks for a dark screen; none where eighty columns are too few.
pub(crate) fn square_of(line: &str) -> Option<Vec<String>> {
    let code: Result<QrCode, QrError> = QrCode::with_error_correction_level(line.as_bytes(), EcLevel::L);
    let drawn = code.ok()?.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let rows: Vec<String> = drawn.lines().map(str::to_owned).collect();
    rows.iter().all(|row| row.chars().count() <= COLUMNS).then_some(rows)
}

/// How every such line begins.
const MARK: &str = "SUMAC-JOIN-";
/// Bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;
/// Columns of a terminal that the code must fit.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use sumac_protocol::document::charter::Role;
    use sumac_protocol::document::join::{Join, admit_join};
    use sumac_protocol::envelope::Envelope;
    use sumac_protocol::moment::Moment;
    use sumac_protocol::principal::Signer;
    use zeroize::Zeroizing;

    use super::{envelope_of, line_of, square_of};

    fn request(addresses: usize) -> Envelope {
        let signer = Signer::from_seed(&Zeroizing::new([7; 32]));
        let join = Join {
            key: signer.principal(),
            name: "Harbour".into(),
            operator: "Harbour Clinic Ltd".into(),
            roles: vec![Role::Contributor],
            addresses: (0..addresses).map(|n| format!("/dns/hub-{n}.harbour.example.org/tcp/4800")).collect(),
            patients_max: 10_000,
            made_at: Moment(1_771_113_600_000),
        };
        Envelope::sign(&join, &signer).unwrap()
    }

    #[test]
    fn a_request_comes_back_from_its_line_and_a_changed_line_is_nobodys_word() {
        let line = line_of(&request(1)).unwrap();
        assert!(line.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'), "{line}");
        let broken: String = line.to_lowercase().chars().flat_map(|c| [c, ' ']).collect();
        for text in [&line, &broken, &format!("  {line}\n")] {
            let envelope = envelope_of(text).unwrap();
            assert_eq!(envelope, request(1));
            assert!(admit_join(&envelope).is_ok());
        }
        let cases =
            [("no mark", line.replace("SUMAC", "SUMMA")), ("cut", line[..60].to_owned()), ("nothing", String::new())];
        for (why, text) in cases {
            assert!(envelope_of(&text).is_none_or(|envelope| admit_join(&envelope).is_err()), "{why}");
        }
        for at in (11..line.len()).step_by(23) {
            let mut changed = line.clone();
            let other = if &line[at..=at] == "A" { "B" } else { "A" };
            changed.replace_range(at..=at, other);
            assert!(envelope_of(&changed).is_none_or(|envelope| admit_join(&envelope).is_err()), "letter {at}");
        }
    }

    #[test]
    fn an_ordinary_request_is_a_square_that_a_terminal_has_room_for() {
        let rows = square_of(&line_of(&request(1)).unwrap()).unwrap();
        let width = rows.first().unwrap().chars().count();
        assert!(rows.iter().all(|row| row.chars().count() == width) && width <= 80, "{width}");
        assert!(rows.len() * 2 >= width && rows.len() * 2 <= width + 1, "{} rows of {width}", rows.len());
        assert_eq!(square_of(&line_of(&request(8)).unwrap()), None, "what has no room is not drawn");
    }
}
