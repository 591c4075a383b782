//! Patients: whose records lie where, and what they said.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::{Action, Revoke, Statement, StatementError};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Signer;

use super::cast::sign_once;
use super::{Federation, rules};
use crate::trial::Participant;

/// One patient of one clinic.
#[derive(Debug)]
pub struct Patient {
    /// The clinic.
    pub clinic: usize,
    /// The patient's row there.
    pub row: u32,
    /// The key that the patient made for that clinic.
    pub signer: Signer,
    /// What the patient said about research.
    pub said: Said,
    /// What is known about the patient.
    pub participant: Participant,
}

/// What a patient said about research.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Yes.
    Yes,
    /// Nothing at all.
    Nothing,
    /// Yes to something else only.
    YesToOther,
    /// Yes, and then no.
    Withdrawn,
}

impl Federation {
    /// Has a patient sign something, and the clinic take it into its ledger.
    ///
    /// # Errors
    /// [`StatementError`] as the clinic finds it.
    pub fn say(&mut self, patient: usize, action: Action) -> Result<u64, StatementError> {
        let envelope = self.statement(patient, action);
        let Patient { clinic, row, .. } = self.patients[patient];
        self.nodes[clinic].books.take_statement(row, &envelope)
    }

    /// Has a patient withdraw everything.
    pub fn revoke(&mut self, patient: usize) {
        self.say(patient, Action::Revoke(Revoke { purposes: None })).unwrap();
        self.patients[patient].said = Said::Withdrawn;
    }

    /// What a patient would sign next.
    #[must_use]
    pub fn statement(&self, patient: usize, action: Action) -> Envelope {
        let action = match action {
            Action::Grant(grant) => Action::Grant(rules::explained(grant)),
            ends @ (Action::Revoke(_) | Action::Erase) => ends,
        };
        let Patient { clinic, row, signer, .. } = &self.patients[patient];
        let (sequence, previous): (u64, Option<Digest>) = self.nodes[*clinic].books.next_statement(*row);
        let statement = Statement {
            clinic: self.nodes[*clinic].key(),
            patient: signer.principal(),
            sequence,
            previous,
            made_at: self.now,
            action,
            witness: None,
        };
        sign_once(&statement, signer)
    }

    /// The records of everybody who said yes at these clinics: what an answer may rest on.
    pub fn consenting<'a>(&'a self, clinics: &'a [usize]) -> impl Iterator<Item = &'a Participant> {
        let yes = |patient: &&Patient| patient.said == Said::Yes && clinics.contains(&patient.clinic);
        self.patients.iter().filter(yes).map(|patient| &patient.participant)
    }
}
