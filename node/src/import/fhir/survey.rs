//! The first pass: whether everything can be read, and what must be known before the others.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use sumac_protocol::limits::PATIENTS_MAX;

use super::super::Progress;
use super::codes::{Codes, Concept, Medicine};
use super::element::Element;
use super::failure::FhirImportError;
use super::files::{FhirFiles, Resource};
use super::limits::{MEDICINES_MAX, PASS_BYTES};
use super::reading;
use super::reference::Key;

/// What the first pass found.
pub(super) struct Survey {
    /// How many passes keep one pass's patients within the memory.
    pub(super) passes: u64,
    /// Resources of all files.
    pub(super) resources: u64,
    /// Searches of which a next page exists.
    pub(super) open_pages: u64,
    /// Patients with a sound pseudonym.
    pub(super) patients: u64,
    /// What Medication resources are that mean something here.
    pub(super) medicines: BTreeMap<Key, Medicine>,
    /// Pseudonyms that more than one patient has, as [`short`] digests.
    shared: BTreeSet<u64>,
}

impl Survey {
    /// Reads every file to its end.
    pub(super) fn of(
        files: &FhirFiles,
        codes: &Codes<'_>,
        system: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, FhirImportError> {
        let mut bytes = 0_u64;
        let (mut resources, mut open_pages) = (0_u64, 0_u64);
        let mut medicines = BTreeMap::new();
        let mut patients: Vec<(u64, u64)> = Vec::new();
        for file in files.each() {
            let open = file.each_resource::<FhirImportError>(
                |_| true,
                |resource| {
                    resources = resources.saturating_add(1);
                    let Resource { kind, key, value, .. } = resource;
                    let root = Element::root(&value, &kind);
                    if kind == "Medication" && medicines.len() < MEDICINES_MAX {
                        let concept = Concept::of(&root, "code").ok().flatten().unwrap_or_default();
                        medicines.insert(key, codes.medicine(&concept));
                    } else if kind == "Patient"
                        && let Ok(pseudonym) = reading::pseudonym(&root, system)
                    {
                        patients.push((short(pseudonym), short(&key)));
                        if u64::try_from(patients.len()).unwrap_or(u64::MAX) > PATIENTS_MAX {
                            return Err(FhirImportError::TooManyPatients);
                        }
                    }
                    Ok(())
                },
            )?;
            open_pages = open_pages.saturating_add(u64::from(open));
            bytes = bytes.saturating_add(file.bytes);
            progress(Progress::Checking { bytes, of: files.bytes() });
        }
        patients.sort_unstable();
        patients.dedup();
        let count = u64::try_from(patients.len()).unwrap_or(u64::MAX);
        let twice = patients.windows(2).filter_map(|pair| match pair {
            [(first, _), (second, _)] if first == second => Some(*first),
            _ => None,
        });
        let passes = files.bytes().div_ceil(PASS_BYTES).max(1);
        Ok(Self { passes, resources, open_pages, patients: count, medicines, shared: twice.collect() })
    }

    /// Whether more than one patient has this pseudonym.
    pub(super) fn is_shared(&self, pseudonym: &str) -> bool {
        self.shared.contains(&short(pseudonym))
    }
}

/// The first eight bytes of a text's SHA-256. Among ten million patients, two different ones meet in
/// one of 400,000 imports; they are then left out with a reject, never mixed up.
pub(super) fn short(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
