//! What the demo alone knows: everybody's records, and who consents. No node of the federation has
//! more than its own part of it.

use std::collections::BTreeMap;
use std::io::Cursor;

use sumac_node::import::{Mapping, SourceFile, Sources, read_records};
use sumac_protocol::answer::{AnswerInput, Found, Operators, answer};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::plan::Mode;
use sumac_protocol::record::Record;
use sumac_protocol::release_file::ReleaseFile;

use super::federation::Federation;
use super::{QUESTION, deal};
use crate::asking;
use crate::failure::Failure;

/// The trial, dealt to the clinics.
pub(super) struct Books {
    /// By clinic, in the order of the cast.
    pub(super) clinics: Vec<Dealt>,
    /// Courses of nobody, which no book holds: at each of five clinics.
    invented: u32,
}

/// One clinic's part.
pub(super) struct Dealt {
    /// A row for each course, as the clinic would export it.
    pub(super) courses_csv: String,
    /// A row for each score.
    pub(super) assessments_csv: String,
    /// The same as records, by pseudonym.
    pub(super) patients: BTreeMap<String, Patient>,
}

/// One patient.
pub(super) struct Patient {
    /// What the clinic holds about them.
    pub(super) record: Record,
    /// What they decide about it.
    pub(super) stance: Stance,
}

/// What a patient of the demo does about consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    Consents,
    NeverDid,
    Withdrew,
}

impl Books {
    /// Deals whole sites to five clinics and settles who consents.
    pub(super) fn deal(refusing: u8, seed: u64) -> Result<Self, Failure> {
        let dictionary = Dictionary::parse(DICTIONARY).map_err(|why| Failure::bug(why.to_string()))?;
        let mapping = Mapping::parse(MAPPING).map_err(|why| Failure::bug(why.to_string()))?;
        let mut clinics = Vec::new();
        let dealt =
            deal::deal(COURSES, ASSESSMENTS, 5).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        for dealt in dealt {
            let sources = Sources::from([
                (SourceFile::Courses, Cursor::new(dealt.courses_csv.as_bytes())),
                (SourceFile::Assessments, Cursor::new(dealt.assessments_csv.as_bytes())),
            ]);
            let imported = read_records(&dictionary, &mapping, sources).map_err(|why| Failure::bug(why.to_string()))?;
            let patient = |(pseudonym, record): (String, Record)| {
                let stance = stance(&pseudonym, refusing, seed);
                (pseudonym, Patient { record, stance })
            };
            let patients = imported.patients.into_iter().map(patient).collect();
            clinics.push(Dealt { courses_csv: dealt.courses_csv, assessments_csv: dealt.assessments_csv, patients });
        }
        Ok(Self { clinics, invented: 0 })
    }

    /// Books of synthetic courses: only how many there are.
    pub(super) const fn synthetic(courses: u32) -> Self {
        Self { clinics: Vec::new(), invented: courses }
    }

    /// One patient who consents, with the clinic's number.
    pub(super) fn somebody_consenting(&self) -> Option<(usize, String)> {
        let in_clinic = |(i, dealt): (usize, &Dealt)| {
            let found = dealt.patients.iter().find(|(_, p)| p.stance == Stance::Consents);
            found.map(|(pseudonym, _)| (i, pseudonym.clone()))
        };
        self.clinics.iter().enumerate().find_map(in_clinic)
    }

    /// Everybody, clinic by clinic.
    fn patients(&self) -> impl Iterator<Item = &Patient> {
        self.clinics.iter().flat_map(|c| c.patients.values())
    }
}

impl Federation {
    /// Courses of all patients, consenting or not.
    pub(super) fn courses(&self) -> usize {
        let invented = usize::try_from(self.books.invented).unwrap_or(usize::MAX).saturating_mul(5);
        self.books.patients().map(|p| p.record.courses.len()).sum::<usize>().saturating_add(invented)
    }

    /// How many patients consent.
    pub(super) fn consenting(&self) -> u64 {
        let n = self.books.patients().filter(|p| p.stance == Stance::Consents).count();
        u64::try_from(n).unwrap_or(u64::MAX).saturating_add(u64::from(self.books.invented).saturating_mul(5))
    }

    /// Holds a release against the records of all who consent, pooled: what the federation exists
    /// to make unnecessary.
    pub(super) fn compare(&self, release: &ReleaseFile) -> Result<String, Failure> {
        let charter = self.chain.current();
        let dictionary = Dictionary::parse(&charter.dictionary).map_err(|why| Failure::bug(why.to_string()))?;
        let plan = asking::plan(QUESTION, charter, Mode::Exact, RhoMicro(0))?;
        let consenting = self.books.patients().filter(|p| p.stance == Stance::Consents);
        let cells = plan.raw_cells(&dictionary, consenting.map(|p| p.record.courses.as_slice()));
        let raw: Vec<i128> = cells.expose().iter().map(|cell| i128::from(*cell)).collect();
        let released = plan.recentre(&raw).map_err(|why| Failure::bug(why.to_string()))?;
        let pooled = answer(AnswerInput {
            plan: &plan,
            study: &release.answer.study,
            release: release.answer.release,
            rho: RhoMicro(0),
            delta_per_1e12: charter.policy.delta_per_1e12,
            operators: Operators { asked: 5, counted: 5 },
            cohort_min: 1,
            aggregators: 3,
            suppressed: &vec![false; plan.group_count()],
            merged: &[],
            released: &released,
        })
        .map_err(|why| Failure::bug(why.to_string()))?;
        if release.answer.mode == Mode::Exact {
            return if pooled.groups == release.answer.groups {
                Ok("checked: every figure equals that of the pooled records".into())
            } else {
                Err(Failure::bug("the answer differs from the pooled records"))
            };
        }
        let means: Vec<String> = pooled
            .groups
            .iter()
            .flat_map(|group| {
                let arm = group.key.0.iter().map(|(_, v)| v.clone()).collect::<String>();
                group.estimates.iter().filter_map(move |e| match &e.found {
                    Found::Mean(mean) => mean.value.map(|v| format!("{arm:<8} {} {v:.2} (n {})", e.name, mean.n)),
                    Found::Rate(rate) => {
                        rate.value.map(|v| format!("{arm:<8} {} {:.1} % (n {})", e.name, v * 100.0, rate.n))
                    }
                    Found::Count(_) | _ => None,
                })
            })
            .collect();
        Ok(format!("without noise, as only this demo can know:\n           {}", means.join("\n           ")))
    }
}

/// Who refuses, by the pseudonym: it does not depend on the clinic or on anybody else.
fn stance(pseudonym: &str, refusing: u8, seed: u64) -> Stance {
    let drawn = Digest::of(Label::LayText, &[&seed.to_le_bytes(), pseudonym.as_bytes()]);
    let drawn = drawn.bytes().iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte)) % 200;
    if drawn < u64::from(refusing) {
        Stance::NeverDid
    } else if drawn < u64::from(refusing) * 2 {
        Stance::Withdrew
    } else {
        Stance::Consents
    }
}

/// The trial's courses: arm and sex, one row each. Its provenance and licence lie beside it.
const COURSES: &str = include_str!("../../../tests/data/real/hamd_duloxetine.courses.csv");
/// The trial's scores: HAM-D17, HAM-A and PGI-I by day.
const ASSESSMENTS: &str = include_str!("../../../tests/data/real/hamd_duloxetine.csv");
/// The dictionary that the demo's charter carries.
const DICTIONARY: &str = include_str!("../../../protocol/dictionaries/duloxetine.toml");
/// Which column of the trial's files means what.
pub(super) const MAPPING: &str = include_str!("../../demo/duloxetine.mapping.toml");
