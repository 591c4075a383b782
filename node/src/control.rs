//! The control socket: how the people of a clinic talk to their running node.
//!
//! One JSON request a line, one JSON answer a line, over a Unix socket in the node's folder with
//! mode 0600. The kernel tells who connects; only the node's own user and root are heard.

mod charters;
mod client;
mod ledger;
mod queries;
mod server;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sumac_protocol::digest::Digest;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::principal::Principal;
use sumac_protocol::record::Record;
use sumac_protocol::round::progress::Refused;

pub use charters::{CharterRequest, CharterResponse};
pub use client::{ControlError, ask};
pub use ledger::{LedgerRequest, LedgerResponse};
pub use queries::{PendingQuery, QueriesRequest, QueriesResponse};
pub(crate) use server::{Call, serve};
pub use upkeep::{Upkeep, Upkept};

use crate::clinic::{AsOf, Books, CohortLine, Kept, Part, PatientLine, StandingLine, Taken};
use crate::export::{Held, HeldPage};

/// What can be asked of a running node. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How is it?
    Status,
    /// Keep these records.
    KeepRecords(BTreeMap<String, Record>),
    /// Keep these records, from files that tell of these parts only.
    KeepParts {
        /// Records by pseudonym.
        records: BTreeMap<String, Record>,
        /// What the files can tell of.
        told: BTreeSet<Part>,
    },
    /// Enrol a key for a pseudonym.
    Enrol {
        /// The pseudonym.
        pseudonym: String,
        /// The patient's key for this clinic.
        key: Principal,
    },
    /// What must the next statement of this key name?
    NextStatement {
        /// The patient's key.
        key: Principal,
    },
    /// Take a statement into the ledger.
    TakeStatement(Envelope),
    /// In whose name do staff witness what this patient says on paper, and what must the next statement name?
    PaperKey {
        /// The pseudonym.
        pseudonym: String,
        /// The member of staff who is to witness.
        by: Principal,
    },
    /// Take a statement that staff witnessed on paper into the ledger.
    TakeWitnessed(Envelope),
    /// Replace a lost key, on the word of two members of staff.
    ReplaceKey(Envelope),
    /// Confirm that what the ledger has of this patient is the newest that the patient said.
    Confirm {
        /// The pseudonym.
        pseudonym: String,
        /// The receipt of it; none where it is on paper.
        receipt: Option<Box<Receipt>>,
    },
    /// Say where every patient stands, without a look at records.
    Standings,
    /// List the patients.
    Patients,
    /// List the queries with their cohorts.
    Cohorts,
    /// Explain a past query with the consents that it saw.
    AsOf {
        /// The query.
        query: Digest,
    },
    /// Say what an erasure of this patient would take; change nothing.
    ToErase {
        /// The pseudonym.
        pseudonym: String,
    },
    /// Erase this patient.
    Erase {
        /// The pseudonym.
        pseudonym: String,
    },
    /// What did others sign, as far as this node keeps it?
    Words,
    /// What did each study's queries cost here?
    Books,
    /// Something about consent ledgers, this clinic's or another's.
    Ledger(LedgerRequest),
    /// Something about queries that wait for a person.
    Queries(QueriesRequest),
    /// Something about charters and studies.
    Charters(CharterRequest),
    /// Take care of the store.
    Upkeep(Upkeep),
    /// Export everything held about one patient.
    ExportPatient {
        /// The pseudonym.
        pseudonym: String,
    },
    /// Export everything held about a page of patients.
    ExportFrom {
        /// Where the page begins: 0, or what the page before said.
        from: u32,
    },
}

/// The answers, one for each request. Complete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Response {
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::KeepRecords`].
    Kept(Kept),
    /// To [`Request::Enrol`] and [`Request::ReplaceKey`].
    Enrolled,
    /// To [`Request::NextStatement`].
    NextStatement {
        /// Its sequence.
        sequence: u64,
        /// The digest of the statement before it.
        previous: Option<Digest>,
    },
    /// To [`Request::PaperKey`].
    PaperKey {
        /// The key.
        key: Principal,
        /// The next statement's sequence.
        sequence: u64,
        /// The digest of the statement before it.
        previous: Option<Digest>,
    },
    /// To [`Request::Confirm`].
    Confirmed,
    /// To [`Request::Standings`].
    Standings(Vec<StandingLine>),
    /// To [`Request::TakeStatement`] and [`Request::TakeWitnessed`].
    Acknowledged(Box<Receipt>),
    /// To [`Request::Patients`].
    Patients(Vec<PatientLine>),
    /// To [`Request::Cohorts`].
    Cohorts(Vec<CohortLine>),
    /// To [`Request::AsOf`]; none if the clinic never selected for it.
    AsOf(Option<Box<AsOf>>),
    /// To [`Request::ToErase`] and [`Request::Erase`].
    Taken(Taken),
    /// To [`Request::Words`].
    Words(Vec<Envelope>),
    /// To [`Request::Books`].
    Books(Books),
    /// To [`Request::Ledger`].
    Ledger(Box<LedgerResponse>),
    /// To [`Request::Queries`].
    Queries(Box<QueriesResponse>),
    /// To [`Request::Charters`].
    Charters(Box<CharterResponse>),
    /// To [`Request::Upkeep`].
    Upkept(Upkept),
    /// To [`Request::ExportPatient`]; none if there is no such patient.
    Patient(Option<Box<Held>>),
    /// To [`Request::ExportFrom`].
    Page(HeldPage),
    /// To any of them.
    Refused(Refused),
}

/// How a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Its key.
    pub key: Principal,
    /// Its name in the charter.
    pub name: String,
    /// The charter's epoch.
    pub epoch: u64,
    /// The charter in force.
    pub charter: Digest,
    /// Names of the members and researchers that are connected.
    pub connected: Vec<String>,
    /// Where it accepts connections.
    pub listening: Vec<String>,
    /// Where patients' programs are heard; none where they are not.
    #[serde(default)]
    pub patients_at: Option<String>,
    /// Patients it holds.
    pub patients: u64,
    /// Names of nodes that signed two different consent ledgers, or two messages of one number, and whose contributions this node refuses.
    pub accused: Vec<String>,
    /// Statements in its consent ledger.
    pub statements: u64,
    /// Why it takes part in no question now, in words; none where it does.
    #[serde(default)]
    pub shut: Option<String>,
    /// Whether that is only until members have answered, so that nobody has to do anything if they run.
    #[serde(default)]
    pub waits: bool,
    /// Sealed statements that it holds for other clinics until they answer.
    pub held_for_others: u64,
    /// Its process.
    pub pid: u32,
}

/// Longest request line, in bytes.
const LINE_BYTES_MAX: usize = 256 << 20;
