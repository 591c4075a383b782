//! What other code systems call a code of the dictionary. Optional: Sumac's own codes are the key,
//! because no external system has them all, and some may not be shipped without a licence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A system of codes outside Sumac.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum System {
    /// The WHO's classes of medicines.
    Atc,
    /// Diagnoses in the clinical modification of the United States. Public domain.
    Icd10Cm,
    /// Observations and questionnaires. Free with notice.
    Loinc,
    /// Medicines. Names and codes are free.
    RxNorm,
    /// Clinical terms. Needs an affiliate licence to use beyond a mapping.
    Snomed,
}

/// The codes of other systems that mean the same as one code of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Coding(BTreeMap<System, Vec<String>>);

/// A coding as its author wrote it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCoding {
    #[serde(default)]
    atc: Vec<String>,
    #[serde(default)]
    icd10cm: Vec<String>,
    #[serde(default)]
    loinc: Vec<String>,
    #[serde(default)]
    rxnorm: Vec<String>,
    #[serde(default)]
    snomed: Vec<String>,
}

impl System {
    /// Every system.
    pub const ALL: [Self; 5] = [Self::Atc, Self::Icd10Cm, Self::Loinc, Self::RxNorm, Self::Snomed];

    /// Its key in a dictionary's `coding`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Atc => "atc",
            Self::Icd10Cm => "icd10cm",
            Self::Loinc => "loinc",
            Self::RxNorm => "rxnorm",
            Self::Snomed => "snomed",
        }
    }

    /// How FHIR names it.
    #[must_use]
    pub const fn url(self) -> &'static str {
        match self {
            Self::Atc => "http://www.whocc.no/atc",
            Self::Icd10Cm => "http://hl7.org/fhir/sid/icd-10-cm",
            Self::Loinc => "http://loinc.org",
            Self::RxNorm => "http://www.nlm.nih.gov/research/umls/rxnorm",
            Self::Snomed => "http://snomed.info/sct",
        }
    }

    /// The system that FHIR names so.
    #[must_use]
    pub fn from_url(url: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.url() == url)
    }

    /// Whether a code is formed as this system forms them. Where codes end in a check digit (LOINC,
    /// SNOMED CT), it is checked, which catches guessed and mistyped ones.
    pub(super) fn forms(self, code: &str) -> bool {
        match self {
            Self::Atc => is_atc(code),
            Self::Icd10Cm => is_icd10cm(code),
            Self::Loinc => is_loinc(code),
            Self::RxNorm => (1..=8).contains(&code.len()) && all_digits(code) && !code.starts_with('0'),
            Self::Snomed => is_snomed(code),
        }
    }
}

impl Coding {
    /// Takes what an author wrote, or names the code that its system cannot have.
    pub(super) fn checked(written: &WrittenCoding) -> Result<Self, (System, String)> {
        let WrittenCoding { atc, icd10cm, loinc, rxnorm, snomed } = written;
        let all = [atc, icd10cm, loinc, rxnorm, snomed];
        let mut coding = BTreeMap::new();
        for (system, codes) in System::ALL.into_iter().zip(all) {
            if let Some(wrong) = codes.iter().find(|code| !system.forms(code)) {
                return Err((system, wrong.clone()));
            }
            if !codes.is_empty() {
                coding.insert(system, codes.clone());
            }
        }
        Ok(Self(coding))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The codes of one system, the one to be written on export first.
    #[must_use]
    pub fn codes(&self, system: System) -> &[String] {
        self.0.get(&system).map_or(&[], Vec::as_slice)
    }

    /// Every code with its system.
    pub fn each(&self) -> impl Iterator<Item = (System, &str)> {
        self.0.iter().flat_map(|(system, codes)| codes.iter().map(|code| (*system, code.as_str())))
    }

    /// Whether another system's code means this one.
    #[must_use]
    pub fn has(&self, system: System, code: &str) -> bool {
        self.codes(system).iter().any(|known| known == code)
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A letter, two digits, two letters, two digits, cut off after any of these levels.
fn is_atc(code: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase();
    let digit = |byte: u8| byte.is_ascii_digit();
    let form: [fn(u8) -> bool; 7] = [letter, digit, digit, letter, letter, digit, digit];
    matches!(code.len(), 1 | 3 | 4 | 5 | 7) && code.bytes().zip(form).all(|(byte, fits)| fits(byte))
}

/// A letter, a digit, a letter or digit, and behind a point one to four more.
fn is_icd10cm(code: &str) -> bool {
    let (category, rest) = code.split_once('.').map_or((code, None), |(category, rest)| (category, Some(rest)));
    let alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let formed =
        matches!(category.as_bytes(), [letter, digit, _] if letter.is_ascii_uppercase() && digit.is_ascii_digit());
    formed && alphanumeric(category) && rest.is_none_or(|rest| (1..=4).contains(&rest.len()) && alphanumeric(rest))
}

/// A LOINC code ends in a check digit (Luhn, mod 10).
pub(super) fn is_loinc(code: &str) -> bool {
    let Some((digits, check)) = code.split_once('-') else { return false };
    if digits.is_empty() || digits.len() > 7 || check.len() != 1 || !all_digits(digits) || !all_digits(check) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            let weighed = if place % 2 == 0 { digit * 2 } else { digit };
            weighed / 10 + weighed % 10
        })
        .sum();
    check == ((10 - sum % 10) % 10).to_string()
}

/// A SNOMED CT identifier has 6 to 18 digits and ends in a check digit (Verhoeff's scheme: the
/// dihedral group of ten elements, each place permuted once more than the one behind it).
fn is_snomed(code: &str) -> bool {
    if !(6..=18).contains(&code.len()) || !all_digits(code) || code.starts_with('0') {
        return false;
    }
    let check = code.bytes().rev().enumerate().fold(0, |check, (place, digit)| {
        let permuted = (0..place % 8).fold(digit - b'0', |digit, _| permute(digit));
        dihedral(check, permuted)
    });
    check == 0
}

/// One application of Verhoeff's permutation (0 1 5 8 9 4 2 7)(3 6) of the digits.
const fn permute(digit: u8) -> u8 {
    match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    }
}

/// The product of two elements of the dihedral group of a pentagon: 0 to 4 turn it, 5 to 9 flip it.
const fn dihedral(a: u8, b: u8) -> u8 {
    let (turn_a, turn_b) = (a % 5, b % 5);
    match (a < 5, b < 5) {
        (true, true) => (turn_a + turn_b) % 5,
        (true, false) => 5 + (turn_a + turn_b) % 5,
        (false, true) => 5 + (5 + turn_a - turn_b) % 5,
        (false, false) => (5 + turn_a - turn_b) % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::System;

    #[test]
    fn a_code_with_a_wrong_check_digit_or_another_form_is_no_code() {
        let cases: [(System, &[&str], &[&str]); 5] = [
            (
                System::Loinc,
                &["44261-6", "44249-1", "70274-6", "89209-1", "93293-9", "75626-2", "101698-9", "8480-6"],
                &["44261-5", "44621-6", "44261", "-6", "44261-66", "4426x-6", ""],
            ),
            (
                System::Snomed,
                &["373464007", "47625008", "78421000", "34206005", "37839007", "26643006", "46713006", "370143000"],
                &["373464008", "374364007", "47625080", "4762500", "047625008", "4762500a", ""],
            ),
            (
                System::Icd10Cm,
                &["F32.2", "F32.A", "N30.90", "R42", "T41.295A", "C4A.0"],
                &["F32.", "f32.2", "32.2", "F3"],
            ),
            (System::RxNorm, &["6130", "2201623"], &["06130", "RX6130", "", "123456789"]),
            (System::Atc, &["N01AX03", "N06AX27", "N05BA", "N"], &["N01AX3", "N1AX03", "n01ax03", "N01AX030", ""]),
        ];
        for (system, real, wrong) in cases {
            real.iter().for_each(|code| assert!(system.forms(code), "{code} exists"));
            wrong.iter().for_each(|code| assert!(!system.forms(code), "{code:?}"));
        }
    }

    #[test]
    fn a_system_is_found_by_the_name_that_fhir_gives_it() {
        for system in System::ALL {
            assert_eq!(System::from_url(system.url()), Some(system));
        }
        assert_eq!(System::from_url("http://loinc.org/"), None);
    }
}
