//! `sumac consent verify`: check a patient's receipt offline.
//!
//! Anybody with the charter can do this: the patient, an ombudsman, a court. It proves what the clinic had in its ledger,
//! not that its software obeyed.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::charter::Member;
use sumac_protocol::document::consent::Statement;
use sumac_protocol::document::tree_head::TreeHead;
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::ledger::{Growth, LedgerError, Receipt, admit_head, knew};

use super::ledger::{HeadFile, show_head};
use crate::failure::Failure;
use crate::{files, show};

/// Check a receipt: that a clinic of this federation signed a ledger which holds the statement. Needs no network.
///
/// With --head, also whether a newer ledger of the clinic still begins with that one: a file that
/// `sumac consent ledger --since … --out FILE` wrote carries the proof; a bare signed head is only compared.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The receipt, as the clinic gave it.
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    /// The charter file of the federation, with all its epochs.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The signed statement that the receipt must be for.
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// A newer head of the clinic's ledger, with its proof or alone.
    #[arg(long, value_name = "NEWER")]
    head: Option<PathBuf>,
}

impl VerifyArgs {
    /// Exit code 0 only if all that was asked for holds.
    pub(super) fn run(self) -> Result<(), Failure> {
        let chain = files::chain(&self.charter)?;
        let of_receipt = |why: Failure| files::named(&self.receipt, why);
        let (receipt, kept) = receipt_in(&self.receipt)?;
        let clinic = signer(&receipt.head, &chain).map_err(of_receipt)?;
        let statement = self.statement.as_deref().map(|file| statement(file, clinic)).transpose()?.or(kept);
        let digest = statement.as_ref().map_or(receipt.statement, Envelope::digest);
        let head = receipt.check(&clinic.key, &digest).map_err(|why| of_receipt(why.into()))?;
        show::line(&format!("{} has the statement in its ledger, at position {}:", clinic.name, receipt.position));
        show::line(&format!("  {}", receipt.statement.hex()));
        show_head(&head);
        match &self.head {
            Some(file) => newer(file, clinic, &head).map_err(|why| files::named(file, why))?,
            None if statement.is_none() => show::talk("give --statement to see that it is the one you mean"),
            None => {}
        }
        Ok(())
    }
}

/// The clinic that signed a head, if any charter of the chain knows it.
fn signer<'c>(head: &Envelope, chain: &'c CharterChain) -> Result<&'c Member, Failure> {
    let signed = head.claim::<TreeHead>()?.verify_named(|head| head.clinic)?;
    let known = chain.epochs().rev().find_map(|charter| charter.member(&signed.clinic));
    known.ok_or_else(|| {
        let says = format!("{} signed it, and no charter of this federation lists that key", signed.clinic);
        Failure::refused("ledger-other-clinic", &says, "give the charter file of the clinic's federation".into())
    })
}

/// The statement in a file, which must be one for this clinic.
fn statement(file: &Path, clinic: &Member) -> Result<Envelope, Failure> {
    let envelope = files::envelope(file)?;
    let signed = envelope.claim::<Statement>().and_then(|claimed| {
        claimed.verify_named(|said| said.witness.as_ref().map_or(said.patient, |witness| witness.by))
    });
    let signed = signed.map_err(|why| files::named(file, why.into()))?;
    if signed.clinic != clinic.key {
        let says = format!("{}: the statement is for another clinic than {}", file.display(), clinic.name);
        return Err(Failure::refused("ledger-other-clinic", &says, "give the statement that was made there".into()));
    }
    Ok(envelope)
}

/// Holds a newer head to the receipt's.
fn newer(file: &Path, clinic: &Member, old: &Verified<TreeHead>) -> Result<(), Failure> {
    match HeadFile::read(file)? {
        HeadFile::Growth(growth) => {
            let head = growth.check(&clinic.key, old).map_err(|why| starts_elsewhere(&growth, clinic, old, why))?;
            show::line(&format!("the ledger of {} statements still begins with it", head.size));
        }
        HeadFile::Head(head) => {
            let head = admit_head(&head, &clinic.key)?;
            knew(&head, old)?;
            if head.size == old.size {
                show::line("the newer head is of the same ledger");
            } else {
                show::line(&format!("a head of {} statements, which does not contradict it", head.size));
                show::talk("without a proof it is not shown that one begins with the other");
            }
        }
    }
    Ok(())
}

/// A proof that does not hold may be one from another, later head on: that is no rewritten ledger.
fn starts_elsewhere(growth: &Growth, clinic: &Member, old: &Verified<TreeHead>, why: LedgerError) -> Failure {
    let head = admit_head(&growth.head, &clinic.key);
    let contradicts = head.as_ref().is_ok_and(|head| head.size == old.size && head.root != old.root);
    if head.is_err() || contradicts {
        return why.into();
    }
    let says = format!("this does not prove anything of the receipt's ledger of {} statements: {why}", old.size);
    let remedy = "the proof may be from another head on: ask with `sumac consent ledger --since RECEIPT --out FILE`";
    Failure::refused(why.code(), &says, remedy.into())
}

/// A receipt in a file: as the clinic gave it, or as the patient's program keeps it, with the statement that it is for.
pub(super) fn receipt_in(file: &Path) -> Result<(Receipt, Option<Envelope>), Failure> {
    let text = files::read(file)?;
    if let Ok(kept) = serde_json::from_str::<KeptReceipt>(&text) {
        return Ok((kept.receipt, kept.statement));
    }
    let receipt = serde_json::from_str(&text).map_err(|why| {
        let says = format!("{} is no receipt: {why}", file.display());
        Failure::refused("ledger-bad-receipt", &says, "give the file that the clinic gave the patient".into())
    })?;
    Ok((receipt, None))
}

/// What a patient's program keeps. Only these two parts of it matter here, whatever else a release keeps beside them.
#[derive(Deserialize)]
struct KeptReceipt {
    statement: Option<Envelope>,
    receipt: Receipt,
}
