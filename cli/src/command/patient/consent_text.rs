//! What a patient reads before a grant is signed: the text that ships with the protocol, in the patient's language.

use sumac_protocol::document::consent::Grant;
use sumac_protocol::lay_text;

/// The words of a grant, one thing a line.
pub(super) fn words(grant: &Grant) -> String {
    lay_text::words(grant, &grant.lay_text.language).unwrap_or_default()
}
