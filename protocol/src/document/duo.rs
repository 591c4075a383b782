//! The Data Use Ontology of the GA4GH, as far as consent and studies speak it.
//!
//! Source: EBISPOT/DUO at 81f5c3d9 (CC-BY-4.0). Documents use the shorthand of a term (`HMB`);
//! FHIR and other systems use its id (`DUO:0000006`). The list is closed: a code that is not in it
//! allows nothing.

/// A permission: for which research data may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete: the permissions of DUO at the cited version")]
pub enum Permission {
    /// NRES: no restriction.
    NoRestriction,
    /// GRU: any research.
    GeneralResearch,
    /// HMB: health, medical and biomedical research, without population origins or ancestry.
    HealthMedicalBiomedical,
    /// DS: research on a named disease. The diseases stand beside it.
    DiseaseSpecific,
    /// POA: research on population origins or ancestry only.
    PopulationOrigins,
}

impl Permission {
    /// The permission with this shorthand.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "NRES" => Some(Self::NoRestriction),
            "GRU" => Some(Self::GeneralResearch),
            "HMB" => Some(Self::HealthMedicalBiomedical),
            "DS" => Some(Self::DiseaseSpecific),
            "POA" => Some(Self::PopulationOrigins),
            _ => None,
        }
    }

    /// Its shorthand.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRestriction => "NRES",
            Self::GeneralResearch => "GRU",
            Self::HealthMedicalBiomedical => "HMB",
            Self::DiseaseSpecific => "DS",
            Self::PopulationOrigins => "POA",
        }
    }

    /// Whether whoever permits this permits the other as well: NRES ≥ GRU ≥ HMB ≥ DS, and
    /// GRU ≥ POA. Whether the diseases of two DS agree is a question beside this one.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        match (self, other) {
            (Self::NoRestriction, _)
            | (Self::DiseaseSpecific, Self::DiseaseSpecific)
            | (Self::PopulationOrigins, Self::PopulationOrigins)
            | (Self::HealthMedicalBiomedical, Self::HealthMedicalBiomedical | Self::DiseaseSpecific) => true,
            (Self::GeneralResearch, other) => !matches!(other, Self::NoRestriction),
            (Self::HealthMedicalBiomedical | Self::DiseaseSpecific | Self::PopulationOrigins, _) => false,
        }
    }
}

/// Every modifier: shorthand, id, and what it asks of a study.
pub const MODIFIERS: [(&str, &str, &str); 18] = [
    ("NPUNCU", "DUO:0000018", "a not-for-profit organisation and non-commercial use only"),
    ("NPU", "DUO:0000045", "a not-for-profit organisation only"),
    ("NCU", "DUO:0000046", "non-commercial use only"),
    ("NMDS", "DUO:0000015", "no development of general methods"),
    ("GSO", "DUO:0000016", "genetic studies only"),
    ("RS", "DUO:0000012", "studies of a certain research type only"),
    ("PUB", "DUO:0000019", "results are made public"),
    ("COL", "DUO:0000020", "collaboration with the primary investigators"),
    ("IRB", "DUO:0000021", "approval by an ethics board"),
    ("GS", "DUO:0000022", "use within a certain region only"),
    ("MOR", "DUO:0000024", "no publication before a certain date"),
    ("TS", "DUO:0000025", "use for a certain number of months only"),
    ("US", "DUO:0000026", "use by approved users only"),
    ("PS", "DUO:0000027", "use within an approved project only"),
    ("IS", "DUO:0000028", "use within an approved institution only"),
    ("RTN", "DUO:0000029", "derived data are returned"),
    ("CC", "DUO:0000043", "clinical use and care"),
    ("NPOA", "DUO:0000044", "no research on population origins or ancestry"),
];

/// Every permission: shorthand and id.
pub const PERMISSIONS: [(&str, &str); 5] = [
    ("NRES", "DUO:0000004"),
    ("GRU", "DUO:0000042"),
    ("HMB", "DUO:0000006"),
    ("DS", "DUO:0000007"),
    ("POA", "DUO:0000011"),
];

/// Whether a shorthand is a modifier's.
#[must_use]
pub fn is_modifier(code: &str) -> bool {
    MODIFIERS.iter().any(|(shorthand, ..)| *shorthand == code)
}

/// The shorthand of the term with this id, as FHIR documents name it.
#[must_use]
pub fn shorthand(id: &str) -> Option<&'static str> {
    let modifiers = MODIFIERS.iter().map(|(shorthand, known, _)| (*shorthand, *known));
    PERMISSIONS.into_iter().chain(modifiers).find(|(_, known)| *known == id).map(|(shorthand, _)| shorthand)
}

#[cfg(test)]
mod tests {
    use super::{MODIFIERS, PERMISSIONS, Permission, is_modifier, shorthand};

    #[test]
    fn a_broad_permission_includes_the_narrow_ones_and_never_the_other_way_round() {
        let order = [
            ("NRES", "NRES GRU HMB DS POA"),
            ("GRU", "GRU HMB DS POA"),
            ("HMB", "HMB DS"),
            ("DS", "DS"),
            ("POA", "POA"),
        ];
        for (broad, included) in order {
            for (narrow, _) in PERMISSIONS {
                let got = Permission::from_code(broad).unwrap().includes(Permission::from_code(narrow).unwrap());
                assert_eq!(got, included.split(' ').any(|code| code == narrow), "{broad} and {narrow}");
            }
        }
    }

    #[test]
    fn every_term_is_found_by_its_id_and_nothing_else_is() {
        for (code, id, _) in MODIFIERS {
            assert!(is_modifier(code) && Permission::from_code(code).is_none(), "{code}");
            assert_eq!(shorthand(id), Some(code));
        }
        for (code, id) in PERMISSIONS {
            assert!(!is_modifier(code) && Permission::from_code(code).is_some(), "{code}");
            assert_eq!(shorthand(id), Some(code));
        }
        for wrong in ["", "hmb", "DUO:0000017", "HMB ", "0000006"] {
            assert!(Permission::from_code(wrong).is_none() && !is_modifier(wrong) && shorthand(wrong).is_none());
        }
    }
}
