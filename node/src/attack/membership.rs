//! Whether one patient took part at all, from everything that a year's budget pays for.

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};

/// Asks many questions, each of which the patient is in, and adds all answers' leanings up.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let others = cohort::records(target, OTHERS, false)?;
    let attacked = cohort::attacked(target)?;
    let words = &target.words;
    let kinds: Vec<String> = [Some(words.everybody()), words.by_group(), Some(words.count())]
        .into_iter()
        .flatten()
        .chain((0..words.others().min(3)).map(|beside| words.like_the_target(beside)))
        .collect();
    let price = target.shared(QUESTIONS);
    let mut game = Game::new(target, Watcher::AllMembersButOne);
    for text in kinds.iter().cycle().take(QUESTIONS) {
        game.ask(text, price, &others, Some(&attacked))?;
    }
    let finding = Finding::told_apart(Attack::Membership, game.play(game.charged())?);
    let leak = game.charged() > target.year();
    Ok(finding.and_rule(&format!("{QUESTIONS} answers"), &format!("{} a year", target.year()), leak))
}

/// How many questions share the budget.
const QUESTIONS: usize = 12;
/// The attacker knows them all.
const OTHERS: usize = 120;
