//! From records to a release as the roles do it: cells, shares with proofs, every member's sum, its noise, and the sum of
//! what all members release.

use std::collections::BTreeMap;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::Digest;
use sumac_protocol::plan::Plan;
use sumac_protocol::privacy::{NoiseSeed, noise_vector};
use sumac_protocol::record::{Assessment, Course, FieldValue};
use sumac_protocol::share::{CellShares, Circuit, Parties, Verification};

/// How many members add noise.
pub(crate) const AGGREGATORS: usize = 3;
const PATIENTS_MAX: u64 = 200;
const CONTEXT: &[u8] = b"one query of an audit";
const KEY: [u8; 32] = [9; 32];
const DICTIONARY: &str = include_str!("../../dictionaries/duloxetine.toml");

pub(crate) fn dictionary() -> Dictionary {
    Dictionary::parse(DICTIONARY).unwrap()
}

/// A patient of one course: HAM-D17 at baseline and at week six.
pub(crate) fn patient(arm: &str, baseline: i64, endpoint: i64) -> Vec<Course> {
    let category = |code: &str| FieldValue::Category(code.to_owned());
    let fields = BTreeMap::from([("arm".to_owned(), category(arm)), ("sex".to_owned(), category("F"))]);
    let assessments = vec![Assessment::total("HAMD17", 0, baseline), Assessment::total("HAMD17", 42, endpoint)];
    vec![Course { id: "1".to_owned(), fields, assessments, ..Course::default() }]
}

/// The raw cells of a clinic with these patients.
pub(crate) fn cells(plan: &Plan, patients: &[Vec<Course>]) -> Vec<u64> {
    plan.raw_cells(&dictionary(), patients.iter().map(Vec::as_slice)).expose().to_vec()
}

/// A committee that answers one plan.
pub(crate) struct Committee<'a> {
    plan: &'a Plan,
    /// The plan whose σ members draw with: the same one, unless a test wants them to fall short.
    drawn: &'a Plan,
    circuit: Circuit,
}

impl<'a> Committee<'a> {
    pub(crate) fn new(plan: &'a Plan, drawn: &'a Plan) -> Self {
        let parties = Parties::new(PATIENTS_MAX, 2, u64::try_from(AGGREGATORS).unwrap());
        Self { plan, drawn, circuit: Circuit::new(plan, &parties).unwrap() }
    }

    /// What one member's noise of these bytes is.
    pub(crate) fn noise(&self, seed: [u8; 32], manifest: Digest) -> Vec<i128> {
        noise_vector(self.drawn, &NoiseSeed::from_bytes(seed), manifest).unwrap().cells().to_vec()
    }

    /// The sum of what all members release, for these clinics' raw cells.
    pub(crate) fn release(&self, clinics: &[Vec<u64>], seeds: [[u8; 32]; AGGREGATORS], manifest: Digest) -> Vec<i128> {
        let mut sums: Vec<CellShares> = seeds.iter().map(|_| CellShares::zero(self.plan.cell_count())).collect();
        for (number, cells) in (0_u8..).zip(clinics) {
            self.add(number, cells, &mut sums);
        }
        let mut released = CellShares::zero(self.plan.cell_count());
        for (sum, seed) in sums.iter().zip(seeds) {
            let mut share = sum.recentred(self.plan).unwrap();
            share.add_integers(&self.noise(seed, manifest)).unwrap();
            released.add(&share).unwrap();
        }
        released.to_integers()
    }

    /// One clinic's contribution, split, proved, verified by all and added to every member's sum.
    fn add(&self, number: u8, cells: &[u64], sums: &mut [CellShares]) {
        let nonce = [number; 16];
        let split = self.circuit.split(CONTEXT, &nonce, cells).unwrap();
        let task = |(role, input): (usize, &'_ zeroize::Zeroizing<Vec<u8>>)| {
            let task = Verification { key: &KEY, context: CONTEXT, role, nonce: &nonce, public: &split.public, input };
            self.circuit.begin(&task).unwrap()
        };
        let (pending, said): (Vec<_>, Vec<_>) = split.inputs.iter().enumerate().map(task).unzip();
        let said: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
        for (sum, pending) in sums.iter_mut().zip(pending) {
            sum.add(&self.circuit.finish(CONTEXT, pending, &said).unwrap()).unwrap();
        }
    }
}
