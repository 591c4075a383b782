//! Which keys ever spoke for a patient, and whether what they said holds.
//!
//! A lost key is replaced by another, and the history goes on: the old key may still end what it granted, and grants
//! nothing any more. What was taken in is read again under the charter under which it could be: staff who have left
//! the charter since take nobody's consent with them.

use serde::{Deserialize, Serialize};
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::consent::{Named, Statement, StatementError, admit_statement, admit_witnessed};
use sumac_protocol::document::enrolment::{Enrolment, EnrolmentError, admit_enrolment};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::limits::REPLACEMENT_WAIT;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{decode_stored, encode};

use super::{Clinic, ClinicError, Filed};
use crate::store::Row;

/// One enrolment as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Noted {
    /// How long the ledger was when it came: what an older key granted from there on counts for nothing.
    pub(super) position: u64,
    /// When it came, by the clinic's clock. What the document says of it is the signer's word.
    pub(super) taken_at: Moment,
    /// The document, with this node's signature beside those of staff.
    pub(super) document: Envelope,
}

/// All enrolments of one patient, oldest first, as they are kept once a key was replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaced {
    enrolments: Vec<Noted>,
}

/// The enrolments of one patient, oldest first; never none.
#[derive(Debug, Clone)]
pub(super) struct Noteds {
    older: Vec<Noted>,
    newest: Noted,
}

/// The keys of one patient.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// Each with the place in the ledger from which on it was not the newest any more.
    older: Vec<(Principal, u64)>,
    newest: Principal,
}

impl Noteds {
    /// Reads what the store holds: an enrolment, or several.
    pub(super) fn read(body: &[u8]) -> Result<Self, ClinicError> {
        if let Ok(document) = decode_stored::<Envelope>(body) {
            let newest = Noted { position: 0, taken_at: Moment(0), document };
            return Ok(Self { older: Vec::new(), newest });
        }
        let stored = |why: String| ClinicError::Stored { what: "enrolment", why };
        let Replaced { mut enrolments } = decode_stored(body).map_err(|why| stored(why.to_string()))?;
        let newest = enrolments.pop().ok_or_else(|| stored("it is empty".to_owned()))?;
        Ok(Self { older: enrolments, newest })
    }

    /// The newest document.
    pub(super) const fn document(&self) -> &Envelope {
        &self.newest.document
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.older.len().saturating_add(1)
    }

    /// With one more, as the store is to hold them.
    pub(super) fn and(self, next: Noted) -> Vec<u8> {
        let enrolments = self.older.into_iter().chain([self.newest, next]).collect();
        encode(&Replaced { enrolments })
    }

    /// The keys, whether the charter of today would admit them or not: whoever could grant can withdraw. Every
    /// document carries this node's own signature.
    pub(super) fn keys(&self) -> Result<Keys, ClinicError> {
        let key = |noted: &Noted| {
            let enrolment = noted.document.claim::<Enrolment>()?.verify_named(|enrolment| enrolment.clinic)?;
            Ok::<_, ClinicError>(enrolment.patient)
        };
        let after = self.older.iter().skip(1).chain([&self.newest]).map(|next| next.position);
        let older = self.older.iter().zip(after).map(|(noted, until)| Ok((key(noted)?, until)));
        Ok(Keys { older: older.collect::<Result<_, ClinicError>>()?, newest: key(&self.newest)? })
    }

    /// From when on the newest key may grant: never sooner than the wait after it came, whatever its document says.
    pub(super) fn grants_from(&self, enrolment: &Enrolment) -> Moment {
        let from = enrolment.grants_from();
        if enrolment.replaces.is_some() { from.max(self.newest.taken_at + REPLACEMENT_WAIT) } else { from }
    }
}

impl Keys {
    /// The key that may grant.
    pub(super) const fn newest(&self) -> Principal {
        self.newest
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = Principal> + '_ {
        self.older.iter().map(|(key, _)| *key).chain([self.newest])
    }

    /// Whether a key may grant at this place of the ledger.
    fn may_grant(&self, key: &Principal, position: u64) -> bool {
        *key == self.newest || self.older.iter().any(|(older, until)| older == key && position < *until)
    }
}

/// The papers of one patient, checked, with the documents as they were signed.
pub(crate) struct Papers {
    /// The newest enrolment, if there is one.
    pub(crate) enrolment: Option<Envelope>,
    /// The key that it names.
    pub(crate) key: Option<Principal>,
    /// What was said, by its place in the ledger.
    pub(crate) said: Vec<(u64, Envelope, Verified<Statement>)>,
}

impl Clinic {
    /// The papers of one patient, for whoever may see all of them.
    pub(crate) fn papers(&self, row: Row) -> Result<Papers, ClinicError> {
        let Some(noteds) = self.noteds(row)? else {
            return Ok(Papers { enrolment: None, key: None, said: Vec::new() });
        };
        let (enrolment, keys) = (self.read_enrolment(&noteds)?, noteds.keys()?);
        let mut said = Vec::new();
        for (position, body) in self.store().statements(row)? {
            let statement = self.read_statement(&body, position, &keys)?;
            said.push((position, Filed::read(&body)?.statement, statement));
        }
        Ok(Papers { enrolment: Some(noteds.document().clone()), key: Some(enrolment.patient), said })
    }

    /// A stored enrolment, checked again.
    pub(super) fn read_enrolment(&self, noteds: &Noteds) -> Result<Verified<Enrolment>, ClinicError> {
        let me = self.signer().principal();
        let mut refused = None;
        // Whether this node holds records is for the charter of today to say; who its staff were, for those before too.
        let current = self.chain().current();
        if current.member(&me).is_none() {
            return Err(EnrolmentError::NoClinic { clinic: me }.into());
        }
        for charter in self.chain().epochs().rev() {
            match admit_enrolment(noteds.document(), charter, &me) {
                Ok(enrolment) => return Ok(enrolment),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        Err(refused.unwrap_or(EnrolmentError::NoClinic { clinic: me }).into())
    }

    /// A stored statement, checked again under the patient's keys.
    pub(super) fn read_statement(
        &self,
        body: &[u8],
        position: u64,
        keys: &Keys,
    ) -> Result<Verified<Statement>, ClinicError> {
        let envelope = Filed::read(body)?.statement;
        Ok(self.admit(&envelope, position, keys, self.chain().epochs().rev().map(|charter| &**charter))?)
    }

    /// A statement that comes in now, or came in at this place of the ledger, under any of these charters.
    pub(super) fn admit<'c>(
        &self,
        envelope: &Envelope,
        position: u64,
        keys: &Keys,
        charters: impl Iterator<Item = &'c Charter>,
    ) -> Result<Verified<Statement>, StatementError> {
        let (me, Named { patient, on_paper }) = (self.signer().principal(), Named::of(envelope)?);
        if !keys.all().any(|key| key == patient) {
            return Err(StatementError::OtherPatient { patient });
        }
        let statement = if on_paper {
            let statement = witnessed(envelope, charters, &me, &patient)?;
            if !statement.action.ends() && !self.chain().current().policy.allow_witnessed {
                return Err(StatementError::WitnessedNotAllowed);
            }
            statement
        } else {
            admit_statement(envelope, &me, &patient)?
        };
        if !statement.action.ends() && !keys.may_grant(&patient, position) {
            return Err(StatementError::KeyReplaced { key: patient });
        }
        Ok(statement)
    }
}

/// A statement on paper, under the newest charter that admits it; the refusal is that of the newest of all.
fn witnessed<'c>(
    envelope: &Envelope,
    charters: impl Iterator<Item = &'c Charter>,
    clinic: &Principal,
    patient: &Principal,
) -> Result<Verified<Statement>, StatementError> {
    let mut refused = None;
    for charter in charters {
        match admit_witnessed(envelope, charter, clinic, patient) {
            Ok(statement) => return Ok(statement),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    Err(refused.unwrap_or(StatementError::NoWitness))
}
