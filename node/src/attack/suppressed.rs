//! A group that is held back, from the total less the groups beside it, and from the release's own shares.

use sumac_protocol::document::share::Share;
use sumac_protocol::release_file::ReleaseFile;
use sumac_protocol::share::CellShares;

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};
use crate::rehearsal::{Ended, Rehearsal};

/// Asks by groups, in one of which the patient is alone, and of everybody; then looks whether a whole round's release
/// carries anything where a group is held back.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let Some(by_group) = target.words.by_group() else {
        return Ok(Finding::not_tried(Attack::Suppressed, "the dictionary has no closed category to group by"));
    };
    let price = target.shared(2);
    let others = cohort::records(target, OTHERS, false)?;
    let attacked = cohort::attacked(target)?;
    let mut game = Game::new(target, Watcher::Researcher);
    for text in [&by_group, &target.words.everybody()] {
        game.ask(text, price, &others, Some(&attacked))?;
    }
    let finding = Finding::told_apart(Attack::Suppressed, game.play(game.charged())?);
    let (mut rehearsal, _folder) = target.rehearsal(Attack::Suppressed, target.year())?;
    let (held_back, carried) = match rehearsal.ask(&by_group, price)? {
        Ended::Released(file) => carried(&rehearsal, &file),
        Ended::Refused(why) => return Ok(Finding::not_tried(Attack::Suppressed, &why.says)),
    };
    let learned = format!("{carried} of {held_back} held-back cells carried something");
    Ok(finding.and_rule(&learned, "none", carried > 0))
}

/// How many cells of a release are held back, and how many of them add up to anything but zero.
fn carried(rehearsal: &Rehearsal, file: &ReleaseFile) -> (usize, usize) {
    let members = rehearsal.charter().members.iter().map(|member| member.key).collect();
    let mut sum: Option<CellShares> = None;
    let mut suppressed = Vec::new();
    for envelope in &file.proof.shares {
        let Ok(share) = envelope.claim::<Share>().and_then(|claimed| claimed.verify_any(&members)) else { continue };
        let cells = share.cells.0.len() / BYTES;
        let Ok(part) = CellShares::from_bytes(&share.cells.0, cells) else { continue };
        suppressed.clone_from(&share.suppressed);
        sum = match sum.take() {
            None => Some(part),
            Some(mut so_far) => so_far.add(&part).is_ok().then_some(so_far),
        };
    }
    let cells = sum.map(|sum| sum.to_integers()).unwrap_or_default();
    let width = cells.len() / suppressed.len().max(1);
    let of_held_back = cells.chunks_exact(width.max(1)).zip(&suppressed).filter(|(_, held_back)| **held_back);
    let held: Vec<i128> = of_held_back.flat_map(|(group, _)| group.iter().copied()).collect();
    (held.len(), held.iter().filter(|cell| **cell != 0).count())
}

/// Enough that the groups beside are shown under most floors.
const OTHERS: usize = 600;
/// Bytes of a cell in a share.
const BYTES: usize = 8;
