//! What is held about one patient, gathered from the store.

use std::fmt;

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::Statement;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::record::Record;
use sumac_protocol::round::message::decode;

use crate::clinic::{Charge, ChargeState, Clinic, ClinicError, Papers};
use crate::store::Row;

/// Everything held about one patient. Of others it says nothing. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Held {
    /// Version of this form.
    pub sumac_patient_export: u32,
    /// The clinic's node.
    pub clinic: Principal,
    /// The charter in force, whose dictionary says what numbers and codes of the record mean.
    pub charter: Digest,
    /// The clinic's name for the patient.
    pub pseudonym: String,
    /// The record, if there is one.
    pub record: Option<Record>,
    /// The note of the patient's key, signed, if there is one.
    pub enrolment: Option<Envelope>,
    /// The patient's key, if one is enrolled.
    pub key: Option<Principal>,
    /// Where the patient stands now: `none`, `granted`, `not_yet`, `expired`, `withdrawn`,
    /// `erased` or `contradictory`.
    pub standing: String,
    /// What is left of the purposes of the grant that is in force, will be or was, as DUO codes.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// What the patient signed, in the ledger's order.
    pub statements: Vec<HeldStatement>,
    /// The queries that the patient was selected for.
    pub uses: Vec<Use>,
    /// What they cost, as far as the debit stands.
    pub spent: RhoMicro,
}

/// One statement of consent or withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldStatement {
    /// Its position in the clinic's ledger.
    pub position: u64,
    /// What it says.
    pub says: Statement,
    /// The same as it was signed.
    pub document: Envelope,
}

/// One query that the patient was selected for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Use {
    /// The query.
    pub query: Digest,
    /// The study it was asked in.
    pub study: Digest,
    /// What it cost.
    pub rho: RhoMicro,
    /// When the patient was selected.
    pub at: Moment,
    /// How it ended.
    pub state: ChargeState,
}

/// Some patients of many, in the order of arrival.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeldPage {
    /// What is held about each.
    pub patients: Vec<Held>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<u32>,
}

/// The version of [`Held`].
const FORM: u32 = 1;

/// Patients of one page.
const PAGE: usize = 100;

impl Clinic {
    /// Everything held about the patient of this pseudonym; none if there is no such patient.
    ///
    /// # Errors
    /// [`ClinicError`] if the store, or something in it, cannot be read.
    pub fn held(&self, pseudonym: &str, now: Moment) -> Result<Option<Held>, ClinicError> {
        let Some(row) = self.store().row(pseudonym)? else { return Ok(None) };
        let charges = self.charges()?;
        self.held_of(row, &charges, now).map(Some)
    }

    /// Everything held about the patients from that place on, a page of them.
    ///
    /// # Errors
    /// [`ClinicError`] if the store, or something in it, cannot be read.
    pub fn held_from(&self, from: u32, now: Moment) -> Result<HeldPage, ClinicError> {
        let rows = self.store().rows();
        let mut left = rows.into_iter().skip_while(|row| row.0 < from);
        let charges = self.charges()?;
        let page = left.by_ref().take(PAGE);
        let patients = page.map(|row| self.held_of(row, &charges, now)).collect::<Result<_, _>>()?;
        Ok(HeldPage { patients, next: left.next().map(|row| row.0) })
    }

    /// Gathers one patient. Signatures are checked again: what is shown as signed was signed.
    fn held_of(&self, row: Row, charges: &[Charge], now: Moment) -> Result<Held, ClinicError> {
        let stored = |what| move |why: &dyn fmt::Display| ClinicError::Stored { what, why: why.to_string() };
        let (clinic, charter) = (self.signer().principal(), self.chain().current());
        let record = self.store().record(row)?;
        let record = record.map(|body| decode(&body).map_err(|why| stored("record")(&why))).transpose()?;
        let Papers { enrolment, key, said, standing, purposes } = self.papers(row, now)?;
        let held = |(position, document, says): &(u64, Envelope, Verified<Statement>)| HeldStatement {
            position: *position,
            says: (**says).clone(),
            document: document.clone(),
        };
        let statements = said.iter().map(held).collect();
        let mine = || charges.iter().filter(|charge| charge.concerns(row.0, now));
        let used = |charge: &Charge| {
            let Charge { query, study, rho, at, state, .. } = charge;
            Use { query: *query, study: *study, rho: *rho, at: *at, state: *state }
        };
        Ok(Held {
            sumac_patient_export: FORM,
            clinic,
            charter: charter.digest(),
            pseudonym: self.store().pseudonym(row)?.map(|name| name.as_str().to_owned()).unwrap_or_default(),
            record,
            enrolment,
            key,
            standing: standing.to_owned(),
            purposes,
            statements,
            uses: mine().map(used).collect(),
            spent: mine().filter(|charge| charge.state.stands()).map(|charge| charge.rho).sum(),
        })
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held(..)")
    }
}

impl fmt::Debug for HeldPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeldPage({} patients)", self.patients.len())
    }
}
