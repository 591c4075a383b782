//! Which versions of everything that outlives a release this program writes and reads.
//!
//! A file, document or message of a version that is not read is refused in words that name both versions, and nothing in it
//! is changed. What older versions wrote is read for as long as it stands here; a version is never given a second meaning.

/// The sealed store: keyring, pages of patient keys, journal, index and columns count as one. The keyring, which is read
/// before anything else, says which it is; whatever changes in any of them raises it.
pub const STORE: u8 = 2;
/// The oldest store that is read. Version 1 was of a time before any release.
pub const STORE_OLDEST: u8 = 2;
/// A backup's list of files.
pub const BACKUP: u32 = 1;
/// Signed documents: the `v1` of their payload types.
pub const DOCUMENTS: u32 = 1;
/// What members speak with each other: the protocols that libp2p negotiates. Two members with none in common have no link.
/// Short messages and pieces of long ones have protocols of their own.
pub const WIRE: [&str; 2] = ["/sumac/bulk/1", "/sumac/frames/1"];
/// The patients' door: the first part of every path.
pub const DOOR: &str = "v1";

// What is written is read.
const _: () = assert!(STORE_OLDEST <= STORE);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use sumac_protocol::document::Kind;

    use super::{DOCUMENTS, DOOR, WIRE};

    #[test]
    fn every_kind_of_document_is_of_the_version_that_is_named_here() {
        for kind in Kind::ALL {
            assert!(kind.payload_type().ends_with(&format!(".v{DOCUMENTS}+json")), "{kind}");
        }
    }

    #[test]
    fn the_network_speaks_the_protocols_that_are_named_here_and_no_other() {
        let mut spoken = Vec::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/network");
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = fs::read_to_string(&file).unwrap();
            let literals = text.split("StreamProtocol::new(\"").skip(1);
            spoken.extend(literals.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
        spoken.sort();
        spoken.dedup();
        assert_eq!(spoken, WIRE);
    }

    #[test]
    fn every_path_of_the_patients_door_begins_with_its_version() {
        let description = serde_json::to_value(crate::door::openapi()).unwrap();
        let paths = description["paths"].as_object().unwrap();
        assert!(!paths.is_empty() && paths.keys().all(|path| path.starts_with(&format!("/{DOOR}/"))), "{paths:?}");
    }
}
