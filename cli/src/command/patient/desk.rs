//! A patient at the clinic's own machine: statements over the node's control socket.

use std::path::{Path, PathBuf};

use sumac_node::control::{self, Request, Response};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::{Principal, Signer};

use super::clinic::KeyArgs;
use super::purposes::warn_of_unknown;
use super::wishes::Wishes;
use super::{NOT_ENROLLED, agreed, another, consent_text};
use crate::command::node::socket;
use crate::failure::Failure;
use crate::{asking, show};

/// Shows what will be allowed, in plain words, then signs it and hands it in.
pub(super) fn grant(dir: &Path, key: &KeyArgs, wishes: Wishes, yes: bool) -> Result<(), Failure> {
    let desk = Desk::at(dir, key).map_err(|why| {
        why.with_remedy_for(NOT_ENROLLED, "at the clinic, enrol the key first: see `sumac patient enrol --help`")
    })?;
    let grant = wishes.granted(asking::now())?;
    let words = consent_text::words(&grant);
    let action = Action::Grant(grant.clone());
    desk.check(&action)?;
    if desk.stands().is_some_and(|standing| matches!(standing.as_str(), "granted" | "not_yet")) {
        show::talk("From now on, in place of what you allowed before:");
    }
    show::paragraph(&words);
    warn_of_unknown(&grant);
    agreed("Sign this?", yes)?;
    desk.hand_in(action)
}

/// Withdraws everything. Whatever can fail is tried before a word is said; who withdrew before is
/// told so, and nothing is added to the ledger.
pub(super) fn revoke(dir: &Path, key: &KeyArgs, yes: bool) -> Result<(), Failure> {
    let desk = Desk::at(dir, key).map_err(|why| {
        why.with_remedy_for(NOT_ENROLLED, "check --dir and --key: nothing was ever allowed with this key here")
    })?;
    if desk.stands().is_some_and(|standing| standing == "withdrawn") {
        show::line("already withdrawn: no use of your records is allowed, and nothing was added");
        return Ok(());
    }
    show::paragraph("This ends every use of your records that was allowed so far. Answers that were given stay.");
    agreed("Sign this?", yes)?;
    desk.hand_in(Action::Revoke(Revoke { purposes: None }))
}

/// A patient before the clinic's running node, which knows the key.
struct Desk {
    socket: PathBuf,
    clinic: Principal,
    signer: Signer,
}

impl Desk {
    /// Reads the key, finds the node and asks it whether the key is enrolled.
    fn at(dir: &Path, key: &KeyArgs) -> Result<Self, Failure> {
        let (socket, key) = (socket(dir)?, key.open()?);
        let Response::Status(status) = control::ask(&socket, &Request::Status)? else { return Err(another()) };
        if let Some(clinic) = key.clinic
            && clinic != status.key
        {
            let says = format!("this key is for the clinic {clinic}, and this node is {}", status.key);
            return Err(Failure::refused("other-clinic", &says, "give the key that was made for this clinic".into()));
        }
        control::ask(&socket, &Request::NextStatement { key: key.signer.principal() })?;
        Ok(Self { socket, clinic: status.key, signer: key.signer })
    }

    /// Where this patient stands. A node that cannot list its patients keeps nobody from withdrawing: then it is not
    /// known.
    fn stands(&self) -> Option<String> {
        let Ok(Response::Patients(patients)) = control::ask(&self.socket, &Request::Patients) else { return None };
        let own = patients.into_iter().find(|patient| patient.key == Some(self.signer.principal()));
        own.map(|patient| patient.standing)
    }

    /// Whether the node would take this as the patient's next statement, as far as its words go.
    fn check(&self, action: &Action) -> Result<(), Failure> {
        let (action, patient) = (action.clone(), self.signer.principal());
        let (clinic, made_at) = (self.clinic, asking::now());
        check(&Statement { clinic, patient, sequence: 0, previous: None, made_at, action, witness: None })
    }

    /// Signs the patient's next statement, hands it in and says where it stands.
    fn hand_in(&self, action: Action) -> Result<(), Failure> {
        let acknowledged = statement(&self.socket, self.clinic, &self.signer, action, asking::now())?;
        show::line(&format!("acknowledged at position {} of the clinic's ledger, as", acknowledged.position));
        show::line(&format!("  {}", acknowledged.statement.hex()));
        Ok(())
    }
}

/// Whether a statement agrees with itself, before it is signed.
pub(super) fn check(statement: &Statement) -> Result<(), Failure> {
    let remedy = "name the disease, as --disease MONDO:0002009, or allow HMB";
    statement
        .check()
        .map_err(|why| Failure::refused(why.code(), &why, why.remedy()).with_remedy_for("statement-no-disease", remedy))
}

/// Signs a statement, hands it in and returns the acknowledgement.
pub(crate) fn statement(
    socket: &Path,
    clinic: Principal,
    signer: &Signer,
    action: Action,
    made_at: Moment,
) -> Result<Box<Receipt>, Failure> {
    let patient = signer.principal();
    let Response::NextStatement { sequence, previous } =
        control::ask(socket, &Request::NextStatement { key: patient })?
    else {
        return Err(another());
    };
    let statement = Statement { clinic, patient, sequence, previous, made_at, action, witness: None };
    let envelope = Envelope::sign(&statement, signer)?;
    let Response::Acknowledged(acknowledged) = control::ask(socket, &Request::TakeStatement(envelope))? else {
        return Err(another());
    };
    Ok(acknowledged)
}
