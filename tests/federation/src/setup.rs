//! How a test asks for a federation. Every default is sound; a test says only what matters to it.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Policy;
use sumac_protocol::document::consent::{Action, Grant};
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::document::study::{ConsentCategory, Study};
use sumac_protocol::plan::Mode;

use super::Federation;
use super::cast::{Cast, HARBOUR, NAMES, sign_once, signer};
use super::node::Node;
use super::patient::{Patient, Said};
use super::rules::{self, START};
use super::wire::Wire;
use crate::trial::{Participant, participants};

/// What a test wants of its federation.
#[must_use]
#[derive(Debug)]
pub struct Setup {
    seed: u64,
    keys: Option<u64>,
    clinics: usize,
    mode: Mode,
    plans: Vec<&'static str>,
    test_data: bool,
    refusing: f64,
    withdrawn: f64,
    cap: Option<RhoMicro>,
    policy: fn(&mut Policy),
    study: fn(&mut Study),
    participants: Vec<Participant>,
    patients_max: Option<u64>,
    dictionary: Option<&'static str>,
}

/// Five clinics under noise, with the records of the real trial; everybody consents.
pub fn federation() -> Setup {
    Setup {
        seed: 7,
        keys: None,
        clinics: NAMES.len(),
        mode: Mode::Dp,
        plans: Vec::new(),
        test_data: false,
        refusing: 0.0,
        withdrawn: 0.0,
        cap: None,
        policy: |_| (),
        study: |_| (),
        participants: participants(),
        patients_max: None,
        dictionary: None,
    }
}

impl Setup {
    /// What everything but the split of the shares grows from.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What everybody's keys grow from, in place of the seed: federations with the same keys sign the same, once.
    pub const fn keys(mut self, keys: u64) -> Self {
        self.keys = Some(keys);
        self
    }

    /// How many clinics: five or more. Those beyond the five of the cast only hold records.
    pub const fn clinics(mut self, clinics: usize) -> Self {
        self.clinics = clinics;
        self
    }

    /// The study is exact and plans these questions.
    pub fn exact(mut self, plans: &[&'static str]) -> Self {
        (self.mode, self.plans) = (Mode::Exact, plans.to_vec());
        self
    }

    /// The charter is labelled `test-data`: groups of one may be shown.
    pub const fn test_data(mut self) -> Self {
        self.test_data = true;
        self
    }

    /// The share of patients who did not say yes to this study: nothing at all, or yes to another.
    pub const fn refusing(mut self, share: f64) -> Self {
        self.refusing = share;
        self
    }

    /// The share of patients who said yes and then no.
    pub const fn withdrawn(mut self, share: f64) -> Self {
        self.withdrawn = share;
        self
    }

    /// What every patient allows to be charged in a year.
    pub const fn caps(mut self, cap: RhoMicro) -> Self {
        self.cap = Some(cap);
        self
    }

    /// Changes the charter's floor.
    pub const fn policy(mut self, change: fn(&mut Policy)) -> Self {
        self.policy = change;
        self
    }

    /// Changes the study.
    pub const fn study(mut self, change: fn(&mut Study)) -> Self {
        self.study = change;
        self
    }

    /// Deals these instead of the real participants.
    pub fn participants(mut self, participants: Vec<Participant>) -> Self {
        self.participants = participants;
        self
    }

    /// How many patients the charter lets every clinic hold.
    pub const fn patients_max(mut self, most: u64) -> Self {
        self.patients_max = Some(most);
        self
    }

    /// What can be recorded and asked, instead of the trial's dictionary. The study touches all of it, and so may it.
    pub const fn dictionary(mut self, text: &'static str) -> Self {
        self.dictionary = Some(text);
        self
    }

    /// Sets it all up.
    #[must_use]
    pub fn build(self) -> Federation {
        let keys_of = self.keys.unwrap_or(self.seed);
        let cast = Cast::of(keys_of);
        let names: Vec<String> = (0..self.clinics.max(NAMES.len()))
            .map(|at| NAMES.get(at).map_or_else(|| format!("Clinic {}", at + 1), |name| (*name).to_owned()))
            .collect();
        let mut policy = rules::policy();
        (self.policy)(&mut policy);
        let keys: Vec<_> = names.iter().map(|name| (name.clone(), signer(keys_of, name).principal())).collect();
        let mut genesis = rules::genesis(&keys, &cast.stewards, policy, self.test_data);
        for member in &mut genesis.members {
            member.patients_max = self.patients_max.unwrap_or(member.patients_max);
        }
        if let Some(text) = self.dictionary {
            text.clone_into(&mut genesis.dictionary);
        }
        let study = |genesis| {
            let mut study = rules::study(genesis, cast.researcher.principal(), self.mode, &self.plans);
            if self.dictionary.is_some() {
                study.categories = ConsentCategory::ALL.to_vec();
            }
            (self.study)(&mut study);
            study
        };
        let (chain, study) = rules::chain(&genesis, study, &cast.stewards);
        let mut rng = StdRng::seed_from_u64(self.seed);
        let node =
            |name: &String| Node::new(name, signer(keys_of, name), chain.clone(), StdRng::seed_from_u64(rng.random()));
        let nodes = names.iter().map(node).collect();
        let wire = Wire::new(self.seed);
        let (mode, patients, hub) = (self.mode, Vec::new(), HARBOUR);
        let mut federation =
            Federation { now: START, cast, chain, study, mode, nodes, patients, wire, hub, skews: Vec::new(), rng };
        for (clinic, participant) in deal(self.participants, names.len()) {
            let said = federation.draw(self.refusing, self.withdrawn);
            let at = federation.take_in(keys_of, clinic, participant, said);
            federation.first_word(at, self.cap, self.dictionary.is_some());
        }
        federation
    }
}

impl Federation {
    fn draw(&mut self, refusing: f64, withdrawn: f64) -> Said {
        let drawn: f64 = self.rng.random();
        if drawn < refusing {
            return if self.rng.random() { Said::Nothing } else { Said::YesToOther };
        }
        if drawn < refusing + withdrawn { Said::Withdrawn } else { Said::Yes }
    }

    /// Takes a patient in: record and enrolment.
    fn take_in(&mut self, keys: u64, clinic: usize, participant: Participant, said: Said) -> usize {
        let key = signer(keys, &format!("{clinic}/{}", participant.pseudonym));
        let row = u32::try_from(self.patients.iter().filter(|patient| patient.clinic == clinic).count()).unwrap();
        let node = &mut self.nodes[clinic];
        node.books.keep_record(row, participant.record.clone());
        let enrolment = Enrolment {
            clinic: node.key(),
            pseudonym: participant.pseudonym.clone(),
            patient: key.principal(),
            made_at: START,
            replaces: None,
        };
        let enrolment = sign_once(&enrolment, &node.signer);
        node.books.enrol(row, &enrolment, &self.chain).unwrap();
        self.patients.push(Patient { clinic, row, signer: key, said, participant });
        self.patients.len() - 1
    }

    /// What a patient says on the first day.
    fn first_word(&mut self, at: usize, cap: Option<RhoMicro>, everything: bool) {
        let Action::Grant(mut grant) = rules::grant() else { return };
        if everything {
            grant = rules::explained(Grant { categories: ConsentCategory::ALL.to_vec(), ..grant });
        }
        grant.rho_year = cap.unwrap_or(grant.rho_year);
        match self.patients[at].said {
            Said::Nothing => {}
            Said::Yes => {
                self.say(at, Action::Grant(grant)).unwrap();
            }
            Said::YesToOther => {
                (grant.purposes, grant.diseases) = (vec!["DS".into()], vec!["MONDO:0005148".into()]);
                self.say(at, Action::Grant(grant)).unwrap();
            }
            Said::Withdrawn => {
                self.say(at, Action::Grant(grant)).unwrap();
                self.revoke(at);
            }
        }
    }
}

/// Deals participants by site: each site whole to the clinic that has fewest so far.
fn deal(participants: Vec<Participant>, clinics: usize) -> Vec<(usize, Participant)> {
    let mut sites: BTreeMap<String, Vec<Participant>> = BTreeMap::new();
    for participant in participants {
        sites.entry(participant.site.clone()).or_default().push(participant);
    }
    let mut held = vec![0_usize; clinics];
    let mut dealt = Vec::new();
    for (_, site) in sites {
        let clinic = (0..clinics).min_by_key(|clinic| held[*clinic]).unwrap_or(0);
        held[clinic] += site.len();
        dealt.extend(site.into_iter().map(|participant| (clinic, participant)));
    }
    dealt
}
