//! A statement on paper: drafted for a pseudonym, read aloud, signed with a staff key, and handed in.
//!
//! Staff know pseudonyms and statements name keys, so the node says which key is meant; of a patient without one it makes
//! a key that nobody holds. What a form said is judged by the node alone, under the charter in force.

use std::path::Path;

use sumac_node::control::{self, Request, Response};
use sumac_protocol::document::consent::{Action, Disclosure, Grant, Statement, StatementError, Who, Witness};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::lay_text;
use sumac_protocol::principal::{Principal, Signer};

use super::another;
use crate::command::node::socket;
use crate::command::patient::agreed;
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
    /// withdrawal carries too, though none is held to them. Whatever can be checked is checked before the node is asked,
    /// because it makes a key for who has none.
    fn draft(&self, pseudonym: &str, form: &str, action: Action) -> Result<Statement, Failure> {
        let refused = |why: &StatementError| Failure::refused(why.code(), why, why.remedy());
        let by = self.signer.principal();
        let witness = Some(Witness { by, form: form.to_owned() });
        let (clinic, made_at) = (self.clinic, asking::now());
        let blank = Statement { clinic, patient: clinic, sequence: 0, previous: None, made_at, action, witness };
        blank.check_made().map_err(|why| refused(&why))?;
        let request = Request::PaperKey { pseudonym: pseudonym.to_owned(), by };
        let Response::PaperKey { key, sequence, previous } = control::ask(&self.socket, &request)? else {
            return Err(another());
        };
        Ok(Statement { patient: key, sequence, previous, ..blank })
    }

    /// Has the witness read the words, asks, signs, and hands it in.
    pub(super) fn witness(&self, pseudonym: &str, form: &str, action: Action, yes: bool) -> Result<(), Failure> {
        let statement = self.draft(pseudonym, form, action)?;
        show::paragraph(&format!("You witness that {pseudonym} said this on the form {form}:"));
        show::paragraph(&spoken(&statement.action));
        agreed("Did the patient say this?", yes)?;
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

/// What a statement says, in a cell of a table.
pub(super) fn in_short(action: &Action) -> String {
    match action {
        Action::Grant(grant) => {
            let from = grant.not_before.to_string();
            let until = grant.not_after.to_string();
            let day = |at: &str| at.split(' ').next().unwrap_or_default().to_owned();
            format!("yes to {}, from {} until {}", limits(grant, &grant.purposes), day(&from), day(&until))
        }
        Action::Revoke(revoke) => match revoke.purposes.as_deref() {
            None | Some([]) => "no to everything".to_owned(),
            Some(codes) => format!("no to {}", codes.join(" ")),
        },
        Action::Erase => "everything is to be destroyed".to_owned(),
    }
}

/// For what a grant holds and under which limits; `purposes` is what is left of its purposes.
pub(super) fn limits(grant: &Grant, purposes: &[String]) -> String {
    let mut said = vec![purposes.iter().chain(&grant.modifiers).cloned().collect::<Vec<_>>().join(" ")];
    said.extend((!grant.diseases.is_empty()).then(|| grant.diseases.join(" ")));
    match &grant.who {
        Who::AnyStudy => {}
        Who::AcademicOnly => said.push("academic only".to_owned()),
        Who::Studies(ids) => said.push(format!("studies {} only", ids.join(" "))),
    }
    let missing: Vec<&str> = CATEGORIES
        .into_iter()
        .filter(|(category, _)| !grant.categories.contains(category))
        .map(|(_, name)| name)
        .collect();
    said.extend((!missing.is_empty()).then(|| format!("no {}", missing.join(", no "))));
    match grant.disclosure {
        Disclosure::DpOnly => {}
        Disclosure::ExactAlso => said.push("exact too".to_owned()),
    }
    said.join("; ")
}

/// The words of the option, in the order in which they are listed.
const CATEGORIES: [(ConsentCategory, &str); 4] = [
    (ConsentCategory::Demographics, "demographics"),
    (ConsentCategory::Treatment, "treatment"),
    (ConsentCategory::Outcomes, "outcomes"),
    (ConsentCategory::AdverseEvents, "side effects"),
];

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
