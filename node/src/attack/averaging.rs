//! The same question again and again: the noise averages out, so the budget has to end it.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::moment::Millis;

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, TOLD_MAX, Target, cohort};

/// Asks whole rounds until the budget must be spent, and some more; then averages as many answers as there were.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    // Where the charter pays for more repeats than there is time for, or than tell anything, a patient's own lower cap is
    // what must hold.
    let cap = target.year().min(RhoMicro(price.0.saturating_mul(REPEATS_MAX))).min(TOLD_MAX);
    let paid_for = cap.0 / price.0.max(1);
    let (mut rehearsal, _folder) = target.rehearsal(Attack::Averaging, cap)?;
    let text = target.words.count();
    for _ in 0..paid_for.saturating_add(BEYOND) {
        rehearsal.ask(&text, price)?;
        rehearsal.pass(Millis::DAY)?;
    }
    let answers = target.charges_of_the_attacked(&rehearsal)?;
    if answers == 0 {
        return Ok(Finding::not_tried(Attack::Averaging, "no whole round was answered"));
    }
    let spent = RhoMicro(price.0.saturating_mul(u64::try_from(answers).unwrap_or(u64::MAX)));
    let attacked = cohort::attacked(target)?;
    let mut game = Game::new(target, Watcher::AllMembersButOne);
    for _ in 0..answers {
        game.ask(&text, price, &[], Some(&attacked))?;
    }
    let finding = Finding::told_apart(Attack::Averaging, game.play(cap)?);
    Ok(finding.and_rule(&format!("{answers} answers for {spent}"), &format!("{cap} in a year"), spent > cap))
}

/// Most repeats that a budget is made to pay for.
const REPEATS_MAX: u64 = 6;
/// How often it is asked when nothing is left.
const BEYOND: u64 = 2;
