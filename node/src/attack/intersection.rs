//! The same question at two times, between which one patient leaves or comes: the difference is that patient.

use sumac_protocol::moment::Millis;

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};

/// Takes the difference of two answers, of which the patient is in one; the other of the two orders is the same game with
/// its answers exchanged. Whole rounds then see that who has withdrawn is in no later cohort.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    let others = cohort::records(target, OTHERS, false)?;
    let attacked = cohort::attacked(target)?;
    let text = target.words.everybody();
    let mut game = Game::new(target, Watcher::Researcher);
    game.ask(&text, price, &others, Some(&attacked))?;
    game.ask(&text, price, &others, None)?;
    let finding = Finding::told_apart(Attack::Intersection, game.play(game.charged())?);
    let (mut rehearsal, _folder) = target.rehearsal(Attack::Intersection, target.year())?;
    rehearsal.ask(&text, price)?;
    let before = target.charges_of_the_attacked(&rehearsal)?;
    if before == 0 {
        return Ok(Finding::not_tried(Attack::Intersection, "no whole round was answered"));
    }
    rehearsal.withdraw(0)?;
    rehearsal.pass(Millis::DAY)?;
    rehearsal.ask(&text, price)?;
    let after = target.charges_of_the_attacked(&rehearsal)?;
    let learned = format!("counted {before}× before withdrawing, {}× after", after.saturating_sub(before));
    Ok(finding.and_rule(&learned, "never after", after > before))
}

/// The attacker knows them all.
const OTHERS: usize = 200;
