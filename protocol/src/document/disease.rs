//! Diseases by their code in the Mondo Disease Ontology, as far as consent and studies here speak of them.
//!
//! Source: an excerpt, made for this project, of Mondo (Monarch Initiative, CC-BY-4.0), by its codes of 2025. A term's
//! parents here are some of those that Mondo gives it: a link that is left out allows less, and never more. Mondo has no
//! term for treatment-resistant depression or for chronic pain as such; a study on either names the disease it treats.

/// One disease: code, English and German name, and codes of the diseases that it is a kind of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete: a row of the table")]
pub struct Disease {
    /// Its code, as `MONDO:0002009`.
    pub code: &'static str,
    /// Its English name.
    pub english: &'static str,
    /// Its German name.
    pub german: &'static str,
    /// The diseases that it is a kind of, by code.
    pub parents: &'static [&'static str],
}

/// The version of [`DISEASES`]. A link that is added changes what old grants allow, so it is a new version.
pub const VERSION: u32 = 1;

const fn row(
    code: &'static str,
    english: &'static str,
    german: &'static str,
    parents: &'static [&'static str],
) -> Disease {
    Disease { code, english, german, parents }
}

/// Every disease whose name or parents are known here.
pub const DISEASES: [Disease; 20] = [
    row("MONDO:0002025", "mental illness", "psychische Krankheit", &[]),
    row("MONDO:0005371", "mood disorder", "affektive Störung", &["MONDO:0002025"]),
    row("MONDO:0002050", "depressive disorder", "depressive Störung", &["MONDO:0005371"]),
    row("MONDO:0002009", "major depression", "schwere Depression", &["MONDO:0002050"]),
    row("MONDO:0004985", "bipolar disorder", "bipolare Störung", &["MONDO:0005371"]),
    row("MONDO:0005618", "anxiety disorder", "Angststörung", &["MONDO:0002025"]),
    row("MONDO:0001942", "generalized anxiety disorder", "generalisierte Angststörung", &["MONDO:0005618"]),
    row("MONDO:0008114", "obsessive-compulsive disorder", "Zwangsstörung", &["MONDO:0002025"]),
    row("MONDO:0005146", "post-traumatic stress disorder", "posttraumatische Belastungsstörung", &["MONDO:0002025"]),
    row("MONDO:0005090", "schizophrenia", "Schizophrenie", &["MONDO:0002025"]),
    row("MONDO:0005351", "anorexia nervosa", "Magersucht", &["MONDO:0002025"]),
    row("MONDO:0007743", "attention deficit-hyperactivity disorder", "ADHS", &["MONDO:0002025"]),
    row("MONDO:0002494", "substance-related disorder", "Störung durch Suchtmittel", &["MONDO:0002025"]),
    row("MONDO:0002491", "substance abuse", "Missbrauch von Suchtmitteln", &["MONDO:0002494"]),
    row("MONDO:0005303", "drug dependence", "Drogensucht", &["MONDO:0002494"]),
    row("MONDO:0005186", "cocaine dependence", "Kokainsucht", &["MONDO:0005303"]),
    row("MONDO:0007079", "alcohol dependence", "Alkoholsucht", &["MONDO:0002494"]),
    row("MONDO:0005277", "migraine", "Migräne", &[]),
    row("MONDO:0005546", "fibromyalgia", "Fibromyalgie", &[]),
    row("MONDO:0019369", "complex regional pain syndrome", "komplexes regionales Schmerzsyndrom", &[]),
];

/// The disease with this code, if it is in the table.
#[must_use]
pub fn disease(code: &str) -> Option<&'static Disease> {
    DISEASES.iter().find(|disease| disease.code == code)
}

/// Whether whoever allows research on `broad` allows it on `narrow`: the same disease, or one that is a kind of it. A
/// code that is not in the table is a kind of itself only.
#[must_use]
pub fn includes(broad: &str, narrow: &str) -> bool {
    reaches(broad, narrow, DEPTH_MAX)
}

fn reaches(broad: &str, narrow: &str, steps: usize) -> bool {
    if broad == narrow {
        return true;
    }
    let Some(further) = steps.checked_sub(1) else { return false };
    disease(narrow).is_some_and(|narrow| narrow.parents.iter().any(|parent| reaches(broad, parent, further)))
}

/// Most links from a disease up to the broadest.
const DEPTH_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DEPTH_MAX, DISEASES, disease, includes};

    #[test]
    fn a_broad_disease_includes_its_kinds_and_never_the_other_way_round() {
        let cases = [
            ("itself", "MONDO:0002009", "MONDO:0002009", true),
            ("a child", "MONDO:0002050", "MONDO:0002009", true),
            ("a child's child", "MONDO:0005371", "MONDO:0002009", true),
            ("everything of the mind", "MONDO:0002025", "MONDO:0005186", true),
            ("a parent", "MONDO:0002009", "MONDO:0002050", false),
            ("a sister", "MONDO:0004985", "MONDO:0002009", false),
            ("another branch", "MONDO:0005618", "MONDO:0005146", false),
            ("an unknown one, the same", "MONDO:9999999", "MONDO:9999999", true),
            ("an unknown one under a known", "MONDO:0002025", "MONDO:9999999", false),
            ("a known one under an unknown", "MONDO:9999999", "MONDO:0002009", false),
            ("nothing", "", "MONDO:0002009", false),
            ("another spelling", "mondo:0002050", "MONDO:0002009", false),
        ];
        for (why, broad, narrow, want) in cases {
            assert_eq!(includes(broad, narrow), want, "{why}");
        }
    }

    #[test]
    fn the_table_has_every_code_once_and_every_parent_and_no_circle() {
        let codes: BTreeSet<&str> = DISEASES.iter().map(|disease| disease.code).collect();
        assert_eq!(codes.len(), DISEASES.len());
        for row in DISEASES {
            let digits = row.code.strip_prefix("MONDO:").unwrap();
            assert!(digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", row.code);
            let mut above = row.parents.to_vec();
            for _ in 0..DEPTH_MAX {
                above = above.iter().flat_map(|parent| disease(parent).unwrap().parents).copied().collect();
            }
            assert!(above.is_empty(), "{} goes round in a circle, or up too far", row.code);
            assert!(row.parents.iter().all(|parent| !includes(row.code, parent)), "{}", row.code);
        }
    }
}
