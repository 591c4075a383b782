//! Filters that overlap everywhere but in one patient, so that every group asked about is large.

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};

/// Asks of everybody, of everybody unlike the patient, and of the patient's group together with one or two others. A
/// year's budget, or so much of it as the price of these allows, pays for the answers.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let others = cohort::records(target, OTHERS, false)?;
    let attacked = cohort::attacked(target)?;
    let mut questions = vec![target.words.everybody()];
    questions.extend((1..target.words.others().min(3)).map(|beside| target.words.like_the_target(beside)));
    let price = target.shared(questions.len());
    questions.extend(target.words.unlike_the_target());
    let mut game = Game::new(target, Watcher::Researcher);
    for text in &questions {
        game.ask(text, price, &others, Some(&attacked))?;
    }
    Ok(Finding::told_apart(Attack::Tracker, game.play(game.charged())?))
}

/// Enough that large groups are shown under most floors.
const OTHERS: usize = 600;
