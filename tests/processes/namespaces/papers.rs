//! What the federation of ten is signed with: its charter, its study, and its patients' records and consents.

use std::collections::BTreeMap;

use sumac_node::clock::Clock;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::charter::{Charter, Label, Member, Policy};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, LayText, Statement, Who};
use sumac_protocol::document::study::{ConsentCategory, Organisation, Purpose, Study};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::{Principal, Signer};
use sumac_protocol::record::{Assessment, Course, Record};
use zeroize::Zeroizing;

/// Patients of each clinic.
pub(crate) const PATIENTS: usize = 8;
/// What a question costs, in millionths of ρ.
pub(crate) const PRICE: u64 = 20_000;

/// Everything that is signed for all: by one steward, for one researcher.
pub(crate) struct Papers {
    pub(crate) chain: CharterChain,
    pub(crate) study: Envelope,
    pub(crate) researcher: Zeroizing<[u8; 32]>,
    steward: Signer,
}

impl Papers {
    /// The charter's first two epochs: a study can name the federation only once it was founded.
    pub(crate) fn sign(members: Vec<Member>) -> Self {
        let (steward, researcher) = (Signer::from_seed(&fresh()), fresh());
        let genesis = charter(members, steward.principal());
        let mut chain = CharterChain::genesis(&Envelope::sign(&genesis, &steward).unwrap()).unwrap();
        let study = study(&chain, Signer::from_seed(&researcher).principal());
        let study = Envelope::sign(&study, &steward).unwrap();
        let next =
            Charter { epoch: 1, previous: Some(chain.genesis_digest()), studies: vec![study.digest()], ..genesis };
        chain.extend(&Envelope::sign(&next, &steward).unwrap()).unwrap();
        Self { chain, study, researcher, steward }
    }

    /// The next charter: without this member, and with one more study, which is returned.
    pub(crate) fn without(&mut self, member: Principal) -> Envelope {
        let researcher = Signer::from_seed(&self.researcher).principal();
        let more = Study { id: "eleven".into(), ..study(&self.chain, researcher) };
        let more = Envelope::sign(&more, &self.steward).unwrap();
        let now = self.chain.current();
        let mut next = Charter { epoch: now.epoch + 1, previous: Some(now.digest()), ..Charter::clone(now) };
        next.members.retain(|listed| listed.key != member);
        next.studies.push(more.digest());
        self.chain.extend(&Envelope::sign(&next, &self.steward).unwrap()).unwrap();
        more
    }
}

/// Two committees that share nobody, neither with a hub on it.
fn charter(members: Vec<Member>, steward: Principal) -> Charter {
    let committee = |from: usize| members.iter().skip(from).take(3).map(|member| member.key).collect();
    Charter {
        name: "Ten behind NAT".into(),
        epoch: 0,
        previous: None,
        stewards: vec![steward],
        threshold: 1,
        committees: vec![committee(2), committee(5)],
        members,
        studies: Vec::new(),
        label: Some(Label::TestData),
        policy: Policy {
            clinics_min: 5,
            cohort_min: 1,
            exact_local_min: 5,
            rho_per_query_max: RhoMicro(1_000_000),
            delta_per_1e12: 1_000_000,
            rho_per_patient_year: RhoMicro(3_000_000),
            allow_exact: false,
            allow_witnessed: false,
            queries_per_study_day: 100,
            upload_jitter_ms: 0,
            window_ms: 5_000,
            step_timeout_ms: 5_000,
            query_lifetime_max_ms: 120_000,
        },
        dictionary: "name = \"one-scale\"\nversion = 1\nbaseline = \"last_on_or_before_0\"\n\n[[instrument]]\n\
                     id = \"FINCH\"\nversion = \"made up for a test\"\ncategory = \"outcomes\"\nmin = 0\nmax = 52\n\
                     better = \"lower\"\nsource = \"a test\"\nlicence = \"none needed\"\n"
            .into(),
    }
}

fn study(chain: &CharterChain, researcher: Principal) -> Study {
    let from = now();
    Study {
        id: "ten".into(),
        title: "How many there are".into(),
        lay_summary: "Made up, to see what a bad network does.".into(),
        approving_body: "A test".into(),
        approval_reference: "1".into(),
        purpose: Purpose {
            duo: vec!["HMB".into()],
            disease: Vec::new(),
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: Vec::new(),
        },
        researchers: vec![researcher],
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        mode: Mode::Dp,
        plans: Vec::new(),
        rho_total: RhoMicro(3_000_000),
        rho_year: RhoMicro(3_000_000),
        queries_max: 100,
        valid_from: from,
        valid_until: from + Millis(Millis::DAY.0),
        genesis: chain.genesis_digest(),
    }
}

/// One course each.
pub(crate) fn records(clinic: &str) -> BTreeMap<String, Record> {
    let patient = |n: usize| {
        let pseudonym = format!("{clinic}-{n}");
        let score = Assessment::total("FINCH", 0, 20);
        let course = Course { id: format!("{pseudonym}-1"), assessments: vec![score], ..Course::default() };
        (pseudonym, Record { courses: vec![course] })
    };
    (0..PATIENTS).map(patient).collect()
}

/// A patient's first word to a clinic: consent to any study for a day.
pub(crate) fn consent(clinic: Principal, patient: &Signer) -> Envelope {
    let from = now();
    let blank = LayText { version: String::new(), language: String::new(), digest: Digest([0; 32]) };
    let grant = Grant {
        purposes: vec!["HMB".into()],
        modifiers: Vec::new(),
        diseases: Vec::new(),
        categories: vec![ConsentCategory::Treatment, ConsentCategory::Outcomes],
        who: Who::AnyStudy,
        disclosure: Disclosure::DpOnly,
        not_before: from,
        not_after: from + Millis(Millis::DAY.0),
        rho_year: RhoMicro(3_000_000),
        lay_text: blank,
    };
    let grant = Grant { lay_text: lay_text::shown(&grant, "en").unwrap(), ..grant };
    let statement = Statement {
        clinic,
        patient: patient.principal(),
        sequence: 0,
        previous: None,
        made_at: from,
        action: Action::Grant(grant),
        witness: None,
    };
    Envelope::sign(&statement, patient).unwrap()
}

pub(crate) fn fresh() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).unwrap();
    bytes
}

fn now() -> Moment {
    Clock::default().now()
}
