//! The clinic's books: who was selected for which query, and what they were charged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::ledger::{self, Opening};
use sumac_protocol::limits::COMMITTEES_MAX;
use sumac_protocol::moment::{Millis, Moment};
use sumac_protocol::plan::Mode;
use sumac_protocol::round::budget::Spending;
use sumac_protocol::round::inquiry::Inquiry;
use sumac_protocol::round::message::{decode_stored, encode};
use sumac_protocol::round::progress::Refused;
use sumac_protocol::round::quota::{Asked, within_quotas};
use sumac_protocol::round::{Order, Outcome, Selection};

use super::selecting::Selected;
use super::{Clinic, ClinicError, row_bits};
use crate::store::Entry;

/// One query's entry: selection, debit and use in one, kept in one durable write before anything
/// of the query leaves the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// The query.
    pub query: Digest,
    /// The study it was asked in.
    pub study: Digest,
    /// What the study says to patients: kept with the first entry of the study, and looked up there by the others.
    pub told: Option<ToldPatients>,
    /// The question's text, as its SHA-256: an analysis plan says how often each may be asked.
    pub text: Digest,
    /// What every selected patient was charged.
    pub rho: RhoMicro,
    /// When it was selected for first.
    pub at: Moment,
    /// When the rows were selected; of several attempts, the last.
    pub selected_at: Moment,
    /// When the query expires: until then it may be answered.
    pub expires: Moment,
    /// The rows of those selected. Kept as a bit for each row, a byte for eight.
    #[serde(with = "row_bits")]
    pub rows: Vec<u32>,
    /// How long the consent ledger was.
    pub ledger_position: u64,
    /// What stands behind the ledger commitments of this query's uploads: one for each selection, the newest last.
    pub openings: Vec<Opening>,
    /// How it ended.
    pub state: ChargeState,
}

/// What a study says to the patients whom it counts, also long after it left the charter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldPatients {
    /// Its title.
    pub title: String,
    /// What it is about, in words that a patient can read.
    pub lay_summary: String,
    /// Whether its answers carry noise.
    pub mode: Mode,
}

/// How a query ended for those who were charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeState {
    /// Not known yet; the debit stands.
    Open,
    /// Answered; the debit stands.
    Released {
        /// The release.
        release: Digest,
    },
    /// Answered without this clinic; given back.
    NotCounted,
    /// Came to nothing; given back.
    NoRelease,
    /// Charged to every patient when the clinic recovered, because whom it was charged to was forgotten; stands for good,
    /// and for whoever was enrolled since too, who may have been charged before under a row that was lost.
    Forgotten,
}

impl Charge {
    /// Whether the debit counts against the budget of the 365 days before `now`: what it paid for may
    /// be released until the query expires.
    pub(super) fn counts_for_the_year(&self, now: Moment) -> bool {
        now.since(self.expires) < Millis::BUDGET_YEAR
    }

    /// Whether the patient in a row was, or has to be taken to have been, charged. What was forgotten concerns everybody for
    /// as long as it counts, also whose row is younger: the patient may have been here before.
    pub(crate) fn concerns(&self, row: u32, now: Moment) -> bool {
        self.rows.contains(&row) || (self.state == ChargeState::Forgotten && self.counts_for_the_year(now))
    }

    /// Whether it may have counted patients for a question of this study and text.
    pub(super) fn may_have_counted_for(&self, study: Digest, text: Digest) -> bool {
        self.study == study && (self.text == text || self.state == ChargeState::Forgotten)
    }
}

impl ChargeState {
    /// Whether the debit stands.
    #[must_use]
    pub const fn stands(self) -> bool {
        matches!(self, Self::Open | Self::Released { .. } | Self::Forgotten)
    }
}

impl Clinic {
    /// Selects the cohort of a query and debits its patients, durably, in one write. Called again
    /// for the same query, because its earlier attempts are void, it takes those selected before,
    /// less those who have withdrawn since: they are out of the entry, and get their debit back.
    /// Nobody is debited twice.
    ///
    /// # Errors
    /// [`ClinicError`]: then nothing was debited.
    pub fn select(&self, order: &Order) -> Result<Selection, ClinicError> {
        let (inquiry, now) = (&order.inquiry, self.clock.now());
        let id = inquiry.id();
        let before = self.charge(id)?;
        let recovered = self.recovery()?.map(|mark| mark.at);
        let declined = match &before {
            None => self.overspent(inquiry, now)?,
            Some(charge) if recovered.is_some_and(|at| charge.at <= at) => Some(from_before()),
            Some(_) => None,
        };
        if declined.is_some() {
            return Ok(Selection { query: id, attempt: order.attempt, cells: None, ledger: Digest([0; 32]), declined });
        }
        let spent = self.spent(id, now)?;
        let spent = |row: u32| spent.of(row);
        let only: Option<BTreeSet<u32>> = before.as_ref().map(|charge| charge.rows.iter().copied().collect());
        let counted = self.counted(inquiry)?;
        let selected = self.selected(inquiry, now, &spent, &|row| counted.includes(row), only.as_ref())?;
        let Selected { cohort, opening } = selected;
        let ledger = ledger::commitment(&opening.salt.0, &opening.head.digest());
        let mut openings = before.as_ref().map(|charge| charge.openings.clone()).unwrap_or_default();
        openings.push(opening);
        openings.drain(..openings.len().saturating_sub(OPENINGS_MAX));
        self.keep_charge(&Charge {
            query: id,
            study: inquiry.study().digest(),
            told: match &before {
                Some(charge) => charge.told.clone(),
                None => self.not_told_yet(inquiry)?,
            },
            text: text_digest(inquiry),
            rho: inquiry.query().rho,
            at: before.map_or(now, |charge| charge.at),
            selected_at: now,
            expires: inquiry.query().expires,
            rows: cohort.rows().to_vec(),
            ledger_position: cohort.position(),
            openings,
            state: ChargeState::Open,
        })?;
        Ok(Selection { query: id, attempt: order.attempt, cells: Some(cohort.into_cells()), ledger, declined: None })
    }

    /// Closes a query's entry. A query that this clinic never selected for has none.
    ///
    /// # Errors
    /// [`ClinicError`].
    pub fn settle(&self, query: Digest, outcome: Outcome) -> Result<(), ClinicError> {
        let Some(mut charge) = self.charge(query)? else { return Ok(()) };
        if matches!(charge.state, ChargeState::Released { .. } | ChargeState::Forgotten) {
            // What was released stays paid for, whatever is said later, and so does what nobody knows any more.
            return Ok(());
        }
        let forgot = self.recovery()?.is_some_and(|mark| charge.at <= mark.at);
        if forgot && !matches!(outcome, Outcome::Released(_)) {
            // In which attempts something was sent was forgotten, so nothing shows that nobody was counted.
            return Ok(());
        }
        charge.state = match outcome {
            Outcome::Released(release) => ChargeState::Released { release },
            Outcome::NotCounted => ChargeState::NotCounted,
            Outcome::NoRelease => ChargeState::NoRelease,
        };
        self.keep_charge(&charge)
    }

    /// Every query's entry, in the order in which they came.
    ///
    /// # Errors
    /// [`ClinicError`].
    pub fn charges(&self) -> Result<Vec<Charge>, ClinicError> {
        self.store().queries()?.iter().map(|(_, body)| read_charge(body)).collect()
    }

    pub(super) fn charge(&self, query: Digest) -> Result<Option<Charge>, ClinicError> {
        self.store().query(&query.0)?.map(|body| read_charge(&body)).transpose()
    }

    pub(super) fn keep_charge(&self, charge: &Charge) -> Result<(), ClinicError> {
        // The moments of the heads that the entry's openings show: none that is signed later is earlier.
        let newest = self.newest_head_moment()?;
        self.store().append(vec![Entry::Query { id: charge.query.0, body: encode(charge) }, newest])?;
        Ok(())
    }

    /// What the study says to patients, where no entry holds it yet.
    fn not_told_yet(&self, inquiry: &Inquiry) -> Result<Option<ToldPatients>, ClinicError> {
        let study = inquiry.study();
        if self.charges()?.iter().any(|charge| charge.study == study.digest() && charge.told.is_some()) {
            return Ok(None);
        }
        let (title, lay_summary) = (study.title.clone(), study.lay_words());
        Ok(Some(ToldPatients { title, lay_summary, mode: study.mode }))
    }

    /// Whether the study's own budget or number of queries is used up, as this clinic counts it: a
    /// public refusal, whatever the coordinator says.
    fn overspent(&self, inquiry: &Inquiry, now: Moment) -> Result<Option<Refused>, ClinicError> {
        let (study, cost) = (inquiry.study(), inquiry.query().rho);
        let charges = self.charges()?;
        if let Err(refused) = within_quotas(inquiry, asked(&charges, study.digest(), text_digest(inquiry), now)) {
            return Ok(Some(refused));
        }
        for allowance in spending(&charges, study.digest(), now).allowances(study) {
            let left = allowance.left;
            if !allowance.covers(cost) {
                return Ok(Some(Refused {
                    code: "budget-spent".into(),
                    says: format!("the query costs {cost} and the study has {left} left"),
                    remedy: format!("ask at a lower price (at most {left}), or ask the stewards for a larger study"),
                }));
            }
        }
        Ok(None)
    }
}

/// The queries of a study that were selected for before. One that was forgotten may have been of any text.
pub(super) fn asked(charges: &[Charge], study: Digest, text: Digest, now: Moment) -> Asked {
    let of_study = || charges.iter().filter(|c| c.study == study);
    Asked {
        this_text: of_study().filter(|c| c.state.stands() && c.may_have_counted_for(study, text)).count(),
        in_all: of_study().filter(|c| c.state.stands()).count(),
        today: of_study().filter(|c| now.since(c.at) < Millis::DAY).count(),
    }
}

/// What the queries of a study cost whose debits stand.
pub(super) fn spending(charges: &[Charge], study: Digest, now: Moment) -> Spending {
    let standing = || charges.iter().filter(|c| c.study == study && c.state.stands());
    let year = standing().filter(|c| c.counts_for_the_year(now)).map(|c| c.rho).sum();
    Spending { in_all: standing().map(|c| c.rho).sum(), year }
}

/// Openings that a query's entry keeps: of every attempt, and of selections that a crash made it forget.
const OPENINGS_MAX: usize = 2 * COMMITTEES_MAX;

/// Why a query gets nothing that was selected for, or charged, before the clinic recovered from a loss.
fn from_before() -> Refused {
    Refused {
        code: "recovered".into(),
        says: "this clinic recovered from a loss, and takes no part in what was begun before".into(),
        remedy: "ask again".into(),
    }
}

pub(super) fn text_digest(inquiry: &Inquiry) -> Digest {
    Digest::of_bytes(inquiry.query().text.as_bytes())
}

/// A query's entry as it is stored.
pub(super) fn read_charge(body: &[u8]) -> Result<Charge, ClinicError> {
    decode_stored(body).map_err(|why| ClinicError::Stored { what: "query entry", why: why.to_string() })
}
