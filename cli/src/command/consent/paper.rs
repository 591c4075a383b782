//! A statement on paper: drafted for a pseudonym, read aloud, signed with a staff key, and handed in.
//!
//! Staff know pseudonyms and statements name keys, so the node says which key is meant; of a patient without one it makes
//! a key that nobody holds. What a form said is judged by the node alone, under the charter in force.

use std::path::Path;

use sumac_node::control::{self, Request, Response};
use sumac_protocol::document::consent::{Action, Statement, Witness};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::lay_text;
use sumac_protocol::principal::{Principal, Signer};

use super::another;
use crate::command::node::socket;
use crate::failure::Failure;
use crate::{asking, keys, show};

/// A member of staff before the clinic's running node.
pub(super) struct Staff {
    /// Where the node listens.
    socket: std::path::PathBuf,
    /// The node's key, which every statement names.
    clinic: Principal,
    /// The key that witnesses.
    signer: Signer,
}

impl Staff {
    /// Reads the key and finds the node.
    pub(super) fn at(dir: &Path, key: &Path) -> Result<Self, Failure> {
        let (socket, signer) = (socket(dir)?, keys::signer(key)?);
        let Response::Status(status) = control::ask(&socket, &Request::Status)? else { return Err(another()) };
        Ok(Self { socket, clinic: status.key, signer })
    }

    /// What would be signed next for a patient: with the number and the predecessor that the ledger wants, which a
    /// withdrawal carries too, though none is held to them.
    fn draft(&self, pseudonym: &str, form: &str, action: Action) -> Result<Statement, Failure> {
        let request = Request::PaperKey { pseudonym: pseudonym.to_owned() };
        let Response::PaperKey { key, sequence, previous } = control::ask(&self.socket, &request)? else {
            return Err(another());
        };
        let witness = Some(Witness { by: self.signer.principal(), form: form.to_owned() });
        let (clinic, made_at) = (self.clinic, asking::now());
        Ok(Statement { clinic, patient: key, sequence, previous, made_at, action, witness })
    }

    /// Signs what a patient said on paper and hands it in. Whatever can be checked here is checked before a word is
    /// said; the words come before the signature.
    pub(super) fn witness(&self, pseudonym: &str, form: &str, action: Action) -> Result<(), Failure> {
        let statement = self.draft(pseudonym, form, action)?;
        statement.check().map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
        show::paragraph(&format!("You witness that {pseudonym} said this on the form {form}:"));
        show::paragraph(&spoken(&statement.action));
        let envelope = Envelope::sign(&statement, &self.signer)?;
        let Response::Acknowledged(acknowledged) = control::ask(&self.socket, &Request::TakeWitnessed(envelope))?
        else {
            return Err(another());
        };
        show::line(&format!("{pseudonym}: acknowledged at position {} of the ledger, as", acknowledged.position));
        show::line(&format!("  {}", acknowledged.statement.hex()));
        Ok(())
    }
}

/// What a statement says, in plain words: of a grant the lay text that patients read, in English.
pub(super) fn spoken(action: &Action) -> String {
    match action {
        Action::Grant(grant) => lay_text::words(grant, "en").unwrap_or_default(),
        Action::Revoke(revoke) => match revoke.purposes.as_deref() {
            None | Some([]) => "No use of my records is allowed any more.".to_owned(),
            Some(codes) => format!("No use of my records is allowed any more for {}.", codes.join(", ")),
        },
        Action::Erase => "No use is allowed any more, and what is held is to be destroyed.".to_owned(),
    }
}
