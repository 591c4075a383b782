//! A clinic's folder set back to before a charge: the budget must not be spent twice.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sumac_protocol::moment::Millis;

use super::{Attack, AttackError, Finding, Target};
use crate::rehearsal::{Ended, Patient, Rehearsal, RehearsalError};
use crate::store::StoreError;

/// Sets the journal back, under a keyring that knows more: the store must refuse to open.
pub(super) fn older_folder(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    let (mut rehearsal, folder) = target.rehearsal(Attack::Rollback, price)?;
    let kept = folder.path().join("kept");
    set_aside(&mut rehearsal, &kept)?;
    rehearsal.ask(&target.words.count(), price)?;
    if target.charges_of_the_attacked(&rehearsal)? == 0 {
        return Ok(Finding::not_tried(Attack::Rollback, "no whole round was answered"));
    }
    let (clinic, store, _) = folders(&rehearsal)?;
    rehearsal.stop(clinic);
    put_back(&kept.join("store"), &store)?;
    let again = answered_again(target, &mut rehearsal)?;
    let (learned, leak) = match again {
        Again::Shut => ("nothing: the older store stays shut".to_owned(), false),
        Again::Charged => ("the folder opened, and one budget paid for two answers".to_owned(), true),
        Again::NotCharged => ("the folder opened, but nobody was selected again".to_owned(), true),
    };
    Ok(Finding::ruled(Attack::Rollback, learned, "no folder older than its keyring opens", leak))
}

/// Sets journal and keyring back together: only what other members remember can tell.
pub(super) fn whole_folder(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    let (mut rehearsal, folder) = target.rehearsal(Attack::WholeRollback, price)?;
    let kept = folder.path().join("kept");
    set_aside(&mut rehearsal, &kept)?;
    rehearsal.ask(&target.words.count(), price)?;
    if target.charges_of_the_attacked(&rehearsal)? == 0 {
        return Ok(Finding::not_tried(Attack::WholeRollback, "no whole round was answered"));
    }
    let (clinic, store, keyring) = folders(&rehearsal)?;
    rehearsal.stop(clinic);
    put_back(&kept.join("store"), &store)?;
    fs::copy(kept.join("keyring"), &keyring).map_err(|why| at(&keyring, why))?;
    let again = answered_again(target, &mut rehearsal)?;
    let (learned, leak) = match again {
        Again::Shut => ("nothing: the older store stays shut".to_owned(), false),
        Again::NotCharged => ("nothing: members had seen more of it, and it followed no call".to_owned(), false),
        Again::Charged => ("one patient's budget paid for two answers".to_owned(), true),
    };
    Ok(Finding::ruled(Attack::WholeRollback, learned, "one answer for one budget", leak))
}

/// What a clinic did whose folder was set back.
enum Again {
    /// It did not open, because its keyring knows of more, or of another history.
    Shut,
    /// It selected the patient, and was answered, for a charge that it had made before.
    Charged,
    /// It runs, and does not select the patient.
    NotCharged,
}

fn answered_again(target: &Target<'_>, rehearsal: &mut Rehearsal) -> Result<Again, AttackError> {
    let (clinic, ..) = folders(rehearsal)?;
    match rehearsal.start(clinic) {
        Ok(()) => {}
        Err(RehearsalError::Store(StoreError::AcknowledgedMissing { .. } | StoreError::OtherHistory { .. })) => {
            return Ok(Again::Shut);
        }
        Err(why) => return Err(why.into()),
    }
    rehearsal.pass(Millis::DAY)?;
    let answered = matches!(rehearsal.ask(&target.words.count(), target.price())?, Ended::Released(_));
    let selected = target.charges_of_the_attacked(rehearsal)? > 0;
    Ok(if answered && selected { Again::Charged } else { Again::NotCharged })
}

/// Copies the clinic's store and keyring while it is down, and starts it again.
fn set_aside(rehearsal: &mut Rehearsal, kept: &Path) -> Result<(), AttackError> {
    let (clinic, store, keyring) = folders(rehearsal)?;
    rehearsal.stop(clinic);
    copied(&store, &kept.join("store"))?;
    fs::copy(&keyring, kept.join("keyring")).map_err(|why| at(&keyring, why))?;
    Ok(rehearsal.start(clinic)?)
}

/// Where the attacked patient's clinic stands, and its store and keyring.
fn folders(rehearsal: &Rehearsal) -> Result<(usize, PathBuf, PathBuf), AttackError> {
    let clinic = rehearsal.patient(0).map_or(0, Patient::clinic);
    let (store, keyring) = rehearsal.folders_of(clinic)?;
    Ok((clinic, store.to_owned(), keyring.to_owned()))
}

fn put_back(kept: &Path, place: &Path) -> Result<(), AttackError> {
    fs::remove_dir_all(place).map_err(|why| at(place, why))?;
    copied(kept, place)
}

fn copied(from: &Path, to: &Path) -> Result<(), AttackError> {
    fs::create_dir_all(to).map_err(|why| at(to, why))?;
    for entry in fs::read_dir(from).map_err(|why| at(from, why))? {
        let entry = entry.map_err(|why| at(from, why))?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copied(&source, &copy)?;
        } else {
            fs::copy(&source, &copy).map_err(|why| at(&source, why))?;
        }
    }
    Ok(())
}

fn at(place: &Path, why: io::Error) -> AttackError {
    AttackError::Folder { folder: place.to_owned(), why }
}
