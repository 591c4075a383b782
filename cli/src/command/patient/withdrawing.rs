//! Withdrawing and erasing: signed and kept first, before anybody is asked anything.
//!
//! What ends something needs neither sequence nor predecessor, so the clinic has no say in whether it is signed, and
//! whatever it says of where the patient stands is not believed. Said again, a withdrawal is signed again: it ends what
//! may have been granted since, here or elsewhere. A grant that waits is let go of first.

use std::path::Path;

use clap::Args;
use sumac_protocol::document::consent::{Action, History, Revoke, Statement};
use sumac_protocol::document::duo::{PERMISSIONS, Permission};
use sumac_protocol::envelope::{Envelope, Verified};
use sumac_protocol::principal::Principal;

use super::clinic::{ClinicArgs, KeyArgs};
use super::handing::{another_member, endings, hand_in, hand_in_again, leave_with};
use super::kept::Kept;
use super::key_file::PatientKey;
use super::purposes::{named, outer};
use super::statements::papers;
use super::watch::Watch;
use super::{agreed, said};
use crate::failure::Failure;
use crate::{asking, show};

/// Withdraws everything, or some purposes.
pub(super) fn revoke(clinic: &ClinicArgs, purposes: Option<Vec<String>>, yes: bool) -> Result<(), Failure> {
    match purposes {
        None => {
            let words = "This ends every use of your records that was allowed so far. Answers that were given stay. Your \
                         records stay with the clinic.";
            end(clinic, &Action::Revoke(Revoke { purposes: None }), words, yes)
        }
        Some(codes) => revoke_some(clinic, codes, yes),
    }
}

/// Withdraw everything, and have everything destroyed that the clinic's node holds about one. The key never grants
/// again.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    clinic: ClinicArgs,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl EraseArgs {
    /// It does not matter whether the clinic says where the patient stands.
    pub(super) fn run(self) -> Result<(), Failure> {
        let words = "This ends every use of your records, and has the clinic destroy, for good, what its node holds about \
                     you: your record, your statements, and your place in the books of queries. Answers that were given \
                     stay. Files outside the node, as those of your treatment, are not touched. This key never grants \
                     again.";
        end(&self.clinic, &Action::Erase, words, self.yes)
    }
}

/// Ends everything: signs, keeps, and only then looks for the clinic.
fn end(clinic: &ClinicArgs, action: &Action, words: &str, yes: bool) -> Result<(), Failure> {
    let mut key = clinic.open()?;
    let kept = Kept::beside(&key);
    let Some(own) = kept.clinic_of(&key)? else {
        // Never used anywhere: which clinic it is for, only the clinic can say.
        let found = clinic.find(&mut key, yes)?;
        signed(&key, &kept, found.about.clinic, action.clone(), words, yes)?;
        return hand_all_in(clinic, &mut key, &kept, yes);
    };
    // A key that was erased never grants again. What cannot be read here keeps nobody from withdrawing.
    if said::over(&kept.receipts().unwrap_or_default()).is_some_and(|last| last.action == Action::Erase) {
        show::line("already withdrawn: no use of your records is allowed, and nothing was added");
        return Ok(());
    }
    let_grants_go(&kept)?;
    let waits = endings(&kept)?.into_iter().find(|(_, statement)| statement.action == *action);
    if let Some((_, statement)) = waits {
        show::talk(&format!("{} is signed and kept already.", said::told(&statement)));
        return hand_all_in(clinic, &mut key, &kept, yes);
    }
    signed(&key, &kept, own, action.clone(), words, yes)?;
    hand_all_in(clinic, &mut key, &kept, yes)
}

/// Lets go of every grant that was signed and has no receipt: handed in later, it would undo what is said now.
fn let_grants_go(kept: &Kept) -> Result<(), Failure> {
    for signed in kept.waiting()? {
        if let Some(statement) = said::read(&signed).filter(|statement| !statement.action.ends()) {
            kept.forget(&signed.digest())?;
            show::talk(&format!("{} has no receipt, and is not handed in any more.", said::told(&statement)));
        }
    }
    Ok(())
}

/// Says what will hold, asks, signs and keeps. Without sequence or predecessor, which only a grant needs.
fn signed(
    key: &PatientKey,
    kept: &Kept,
    clinic: Principal,
    action: Action,
    words: &str,
    yes: bool,
) -> Result<Envelope, Failure> {
    let patient = key.signer.principal();
    show::talk(&format!("To your clinic, {clinic}:"));
    show::paragraph(words);
    agreed("Sign this?", yes)?;
    let statement =
        Statement { clinic, patient, sequence: 0, previous: None, made_at: asking::now(), action, witness: None };
    let signed = Envelope::sign(&statement, &key.signer)?;
    kept.wait(&signed)?;
    Ok(signed)
}

/// Hands in whatever waits. What ends something is kept whatever the clinic says to it.
fn hand_all_in(clinic: &ClinicArgs, key: &mut PatientKey, kept: &Kept, yes: bool) -> Result<(), Failure> {
    let found = clinic.find(key, yes).map_err(|why| why.with_remedy(super::handing::NO_RECEIPT))?;
    let watch = Watch { clinic: &found, kept, members: &[] };
    let mut failures = Vec::new();
    for signed in kept.waiting()? {
        failures.extend(hand_in(&watch, &signed).err());
    }
    super::first_of(failures)
}

/// Withdraws some purposes. What ends and what stays is what every node makes of it.
fn revoke_some(clinic: &ClinicArgs, codes: Vec<String>, yes: bool) -> Result<(), Failure> {
    if let Some(code) = codes.iter().find(|code| Permission::from_code(code).is_none()) {
        let known = PERMISSIONS.map(|(code, _)| code).join(", ");
        let says = format!("`{}` is no purpose: nothing was signed", show::one_line(code));
        return Err(Failure::usage(says, format!("purposes are {known}; without --purpose, everything ends")));
    }
    let mut key = clinic.open()?;
    let kept = Kept::beside(&key);
    let (own, statements, whole) = match clinic.find(&mut key, yes) {
        Ok(found) => {
            let watch = Watch { clinic: &found, kept: &kept, members: &[] };
            hand_in_again(&watch)?.iter().for_each(Failure::warn);
            match papers(&found, &key, &kept) {
                Ok(statements) => (found.about.clinic, statements, true),
                Err(why) => (found.about.clinic, here(&kept, why)?, false),
            }
        }
        Err(why) => match kept.clinic_of(&key)? {
            Some(own) => (own, here(&kept, why)?, false),
            None => return Err(why),
        },
    };
    let words = what_ends(&statements, &codes, whole)?;
    signed(&key, &kept, own, Action::Revoke(Revoke { purposes: Some(codes) }), &words, yes)?;
    hand_all_in(clinic, &mut key, &kept, yes)
}

/// The statements that are kept here, where the clinic does not say which it has. If there are none, nothing can be said
/// of what would end.
fn here(kept: &Kept, why: Failure) -> Result<Vec<Verified<Statement>>, Failure> {
    let receipts = kept.receipts()?;
    let statements: Vec<_> = receipts.iter().filter_map(|kept| said::read(&kept.statement)).collect();
    if statements.is_empty() {
        return Err(
            why.with_remedy("without --purpose, everything ends, and is signed and kept whatever the clinic says")
        );
    }
    why.warn();
    Ok(statements)
}

/// What a partial withdrawal ends and leaves, in words. One that ends nothing is refused.
fn what_ends(statements: &[Verified<Statement>], codes: &[String], whole: bool) -> Result<String, Failure> {
    // What the clinic says was noted on paper must not keep the patient from signing.
    let own = statements.iter().filter(|statement| statement.witness.is_none());
    let mut history = History::new();
    own.for_each(|statement| history.append(statement));
    let nothing = |says: String| {
        let remedy = "`sumac patient status` says what is allowed";
        Failure::refused("ends-nothing", &format!("{says}: nothing was signed"), remedy.into())
    };
    let permit = history.permit().ok_or_else(|| nothing("nothing is allowed that could end".into()))?;
    let (before, after) = (permit.allows(), permit.without(Some(codes)).allows());
    let ended: Vec<Permission> = before.iter().filter(|permission| !after.contains(permission)).copied().collect();
    if ended.is_empty() {
        let says = format!(
            "{} was not allowed, so this would end nothing; allowed is {}",
            codes.join(", "),
            named(&outer(&before))
        );
        return Err(nothing(says));
    }
    let stays = if after.is_empty() {
        "Nothing stays allowed: this ends every use of your records.".to_owned()
    } else {
        format!("This stays allowed: {}.", named(&outer(&after)))
    };
    let seen = if whole { "" } else { " That is so by what is kept here; the clinic could not be asked." };
    Ok(format!("This ends: {}. {stays}{seen} Answers that were given stay.", named(&outer(&ended))))
}

/// Leaves the withdrawals that have no receipt, sealed for the clinic, with another member. If none that ends everything
/// waits, one is signed first.
pub(super) fn hand_to(url: &str, key: &KeyArgs, ca: Option<&Path>, yes: bool) -> Result<(), Failure> {
    super::clinic::Site::new(url, ca)?;
    let key = key.open()?;
    let kept = Kept::beside(&key);
    let clinic = kept.clinic_of(&key)?.ok_or_else(|| {
        let remedy = "give the key file that was used with your clinic, or withdraw there with --node";
        Failure::refused("no-clinic", &"this key was never used with a clinic", remedy.into())
    })?;
    let_grants_go(&kept)?;
    if !endings(&kept)?.iter().any(|(_, statement)| said::ends_all(statement)) {
        let words = "This ends every use of your records that was allowed so far, once your clinic has taken it. Answers \
                     that were given stay.";
        signed(&key, &kept, clinic, Action::Revoke(Revoke { purposes: None }), words, yes)?;
    }
    let waiting = endings(&kept)?;
    let member = another_member(url, &clinic, ca).map_err(|why| why.with_remedy(KEPT))?;
    for (statement, _) in waiting {
        leave_with(&member, &clinic, &kept, statement).map_err(|why| why.with_remedy(KEPT))?;
    }
    show::line("you are still counted until your clinic has taken it: hand it in there too, with");
    show::line("  sumac patient receipts --node URL --key FILE");
    Ok(())
}

/// Where a signed withdrawal is that no member took.
const KEPT: &str = "the signed withdrawal is kept; try another member, or your clinic with `sumac patient receipts`";
