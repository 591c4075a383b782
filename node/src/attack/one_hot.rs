//! A filter that fits one patient only: what is left of that patient's value behind suppression and noise.

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};

/// Asks of the group in which the patient is alone, as somebody who also sees its opened counts.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let attacked = cohort::attacked(target)?;
    let mut game = Game::new(target, Watcher::AllMembersButOne);
    game.ask(&target.words.like_the_target(0), target.price(), &[], Some(&attacked))?;
    Ok(Finding::told_apart(Attack::OneHot, game.play(target.price())?))
}
