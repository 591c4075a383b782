//! Which keys ever spoke for a patient, and whether what they said holds.
//!
//! A lost key is replaced by another, and the history goes on: the old key may still end what it granted, and grants
//! nothing any more. What was taken in is read again under the charter under which it could be: staff who have left
//! the charter since take nobody's consent with them.

use serde::{Deserialize, Serialize};
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::consent::{
    History, Named, Permit, Statement, StatementError, admit_statement, admit_witnessed,
};
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
    /// Whether nobody holds the key: it stands for a patient on paper.
    #[serde(default)]
    pub(super) nobody_holds: bool,
    /// Whether it grants nothing for the wait after it came, though it replaces no key that anybody held.
    #[serde(default)]
    pub(super) waits: bool,
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

/// The keys of one patient, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    first: Spoken,
    later: Vec<Spoken>,
}

/// One key, and from when on it spoke for the patient.
#[derive(Debug, Clone)]
struct Spoken {
    key: Principal,
    /// How long the ledger was when it came.
    position: u64,
    /// When it came, by the clinic's clock.
    taken_at: Moment,
    /// From when on it may grant.
    grants_from: Moment,
}

/// What a patient said, with the keys that said it.
#[derive(Debug)]
pub(super) struct Spoke {
    pub(super) keys: Keys,
    pub(super) said: Vec<(u64, Verified<Statement>)>,
}

impl Spoke {
    /// Where all of it leads: the one reading of what a patient said.
    pub(super) fn history(&self) -> History<'_> {
        self.keys.history(&self.said, u64::MAX, Moment(u64::MAX))
    }

    /// Where it led when the ledger had so many statements, at a moment of the clinic's clock.
    pub(super) fn history_at(&self, ledger_len: u64, at: Moment) -> History<'_> {
        self.keys.history(&self.said, ledger_len, at)
    }
}

impl Noteds {
    /// Reads what the store holds: an enrolment, or several.
    pub(super) fn read(body: &[u8]) -> Result<Self, ClinicError> {
        if let Ok(document) = decode_stored::<Envelope>(body) {
            let newest = Noted::first(document, false);
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

    /// Whether nobody holds the newest key, because it stands for a patient on paper.
    pub(super) const fn nobody_holds(&self) -> bool {
        self.newest.nobody_holds
    }

    /// The keys, whether the charter of today would admit them or not: whoever could grant can withdraw. Every
    /// document carries this node's own signature.
    pub(super) fn keys(&self) -> Result<Keys, ClinicError> {
        let mut all = self.older.iter().chain([&self.newest]).map(Noted::spoken);
        let first = all.next().unwrap_or_else(|| self.newest.spoken())?;
        Ok(Keys { first, later: all.collect::<Result<_, ClinicError>>()? })
    }
}

impl Noted {
    /// The first enrolment of a patient.
    pub(super) const fn first(document: Envelope, nobody_holds: bool) -> Self {
        Self { position: 0, taken_at: Moment(0), document, nobody_holds, waits: false }
    }

    /// As the store is to hold it, where it is the only one.
    pub(super) fn alone(self) -> Vec<u8> {
        encode(&Replaced { enrolments: vec![self] })
    }

    fn spoken(&self) -> Result<Spoken, ClinicError> {
        let enrolment = self.document.claim::<Enrolment>()?.verify_named(|enrolment| enrolment.clinic)?;
        let Self { position, taken_at, waits, .. } = *self;
        let from = enrolment.grants_from();
        // Never sooner than the wait after it came, whatever its document says.
        let waited = from.max(taken_at + REPLACEMENT_WAIT);
        let grants_from = if waits || enrolment.replaces.is_some() { waited } else { from };
        Ok(Spoken { key: enrolment.patient, position, taken_at, grants_from })
    }
}

impl Keys {
    /// The key that may grant.
    pub(super) fn newest(&self) -> Principal {
        self.later.last().map_or(self.first.key, |newest| newest.key)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = Principal> + '_ {
        std::iter::once(&self.first).chain(&self.later).map(|spoken| spoken.key)
    }

    /// Whether a key may grant at this place of the ledger.
    fn may_grant(&self, key: &Principal, position: u64) -> bool {
        let older = std::iter::once(&self.first).chain(&self.later).zip(&self.later);
        let mut older = older.map(|(spoken, next)| (spoken.key, next.position));
        *key == self.newest() || older.any(|(older, until)| older == *key && position < until)
    }

    /// Where statements lead, each key from the place in the ledger on at which it came: as far as a ledger of so many
    /// statements tells, with the keys that had come by then.
    pub(super) fn history<'s>(
        &self,
        said: &'s [(u64, Verified<Statement>)],
        ledger_len: u64,
        at: Moment,
    ) -> History<'s> {
        let mut history = History::new();
        history.begin(self.first.grants_from);
        let mut came = self.later.iter().filter(|key| key.position <= ledger_len && key.taken_at <= at).peekable();
        for (position, statement) in said.iter().filter(|(position, _)| *position < ledger_len) {
            while let Some(key) = came.next_if(|key| key.position <= *position) {
                history.replace(key.key, key.grants_from);
            }
            history.append(statement);
        }
        came.for_each(|key| history.replace(key.key, key.grants_from));
        history
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
    /// Where the patient stands now, in the words of [`sumac_protocol::document::consent::Standing::code`].
    pub(crate) standing: &'static str,
    /// What is left of the purposes of the grant that is in force, will be or was.
    pub(crate) purposes: Vec<String>,
}

impl Clinic {
    /// What a patient said and with which keys, checked again; `None` where nobody is enrolled.
    pub(super) fn spoke(&self, row: Row) -> Result<Option<Spoke>, ClinicError> {
        let Some(noteds) = self.noteds(row)? else { return Ok(None) };
        self.read_enrolment(&noteds)?;
        let keys = noteds.keys()?;
        let said = self.statements(row, &keys)?;
        Ok(Some(Spoke { keys, said }))
    }

    /// The papers of one patient, for whoever may see all of them.
    pub(crate) fn papers(&self, row: Row, now: Moment) -> Result<Papers, ClinicError> {
        let Some(noteds) = self.noteds(row)? else {
            let (said, purposes) = (Vec::new(), Vec::new());
            return Ok(Papers { enrolment: None, key: None, said, standing: "none", purposes });
        };
        let (enrolment, keys) = (self.read_enrolment(&noteds)?, noteds.keys()?);
        let (mut said, mut read) = (Vec::new(), Vec::new());
        for (position, body) in self.store().statements(row)? {
            let filed = Filed::read(&body)?;
            let statement = self.read_statement(&filed, position, &keys)?;
            read.push((position, statement.clone()));
            said.push((position, filed.statement, statement));
        }
        let history = keys.history(&read, u64::MAX, Moment(u64::MAX));
        let (standing, purposes) = (history.standing(now).code(), history.permit().map(Permit::purposes_left));
        Ok(Papers {
            enrolment: Some(noteds.document().clone()),
            key: Some(enrolment.patient),
            standing,
            purposes: purposes.unwrap_or_default(),
            said,
        })
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
        filed: &Filed,
        position: u64,
        keys: &Keys,
    ) -> Result<Verified<Statement>, ClinicError> {
        Ok(self.admit(&filed.statement, position, keys, self.chain().epochs().rev().map(|charter| &**charter))?)
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
