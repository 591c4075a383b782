//! A patient at the clinic's own machine: statements over the node's control socket.

use std::path::{Path, PathBuf};

use sumac_node::control::{self, Request, Response};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::{Principal, Signer};

use super::clinic::KeyArgs;
use super::kept::{Kept, KeptReceipt};
use super::key_file::PatientKey;
use super::purposes::warn_of_unknown;
use super::watch::failed;
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
    key: PatientKey,
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
        Ok(Self { socket, clinic: status.key, key })
    }

    /// Where this patient stands. A node that cannot list its patients keeps nobody from withdrawing: then it is not
    /// known.
    fn stands(&self) -> Option<String> {
        let Ok(Response::Patients(patients)) = control::ask(&self.socket, &Request::Patients) else { return None };
        let own = patients.into_iter().find(|patient| patient.key == Some(self.key.signer.principal()));
        own.map(|patient| patient.standing)
    }

    /// Whether the node would take this as the patient's next statement, as far as its words go.
    fn check(&self, action: &Action) -> Result<(), Failure> {
        let (action, patient) = (action.clone(), self.key.signer.principal());
        let (clinic, made_at) = (self.clinic, asking::now());
        check(&Statement { clinic, patient, sequence: 0, previous: None, made_at, action, witness: None })
    }

    /// Signs the patient's next statement, hands it in, says where it stands, and keeps the receipt beside the key: after a
    /// recovery of the clinic it is what shows the statement to have been the newest.
    fn hand_in(&self, action: Action) -> Result<(), Failure> {
        let (statement, receipt) = handed_in(&self.socket, self.clinic, &self.key.signer, action, asking::now())?;
        show::line(&format!("acknowledged at position {} of the clinic's ledger, as", receipt.position));
        show::line(&format!("  {}", receipt.statement.hex()));
        let holds = receipt.check(&self.clinic, &statement.digest());
        holds.map_err(|why| failed(&why).about("the clinic's receipt does not hold, and was not kept"))?;
        let kept = KeptReceipt { statement, receipt: *receipt, received_at: asking::now() };
        let place = Kept::beside(&self.key).receive(&kept).map_err(|why| {
            why.about("the clinic took it, but the receipt could not be kept")
                .with_remedy("then fetch it with `sumac patient receipts`")
        })?;
        show::line("the receipt is kept in");
        show::line(&format!("  {}", place.display()));
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
    handed_in(socket, clinic, signer, action, made_at).map(|(_, receipt)| receipt)
}

/// The same, with the statement as it was signed.
fn handed_in(
    socket: &Path,
    clinic: Principal,
    signer: &Signer,
    action: Action,
    made_at: Moment,
) -> Result<(Envelope, Box<Receipt>), Failure> {
    let patient = signer.principal();
    let Response::NextStatement { sequence, previous } =
        control::ask(socket, &Request::NextStatement { key: patient })?
    else {
        return Err(another());
    };
    let statement = Statement { clinic, patient, sequence, previous, made_at, action, witness: None };
    let envelope = Envelope::sign(&statement, signer)?;
    let taken = control::ask(socket, &Request::TakeStatement(envelope.clone()))?;
    let Response::Acknowledged(acknowledged) = taken else { return Err(another()) };
    Ok((envelope, acknowledged))
}
