//! One row dropped, or written several times: what a single patient's record changes at the most.

use sumac_protocol::record::{Course, Record};

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};

/// Asks of everybody. In one of the worlds the patient is there too, with the same course three times.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let others = cohort::records(target, OTHERS, false)?;
    let once = cohort::attacked(target)?;
    let copy = |course: &Course, id: &str| Course { id: id.to_owned(), ..course.clone() };
    let courses = once.courses.iter().flat_map(|course| ["1", "2", "3"].map(|id| copy(course, id))).collect();
    let mut game = Game::new(target, Watcher::AllMembersButOne);
    game.ask(&target.words.everybody(), target.price(), &others, Some(&Record { courses }))?;
    Ok(Finding::told_apart(Attack::Rows, game.play(target.price())?))
}

/// How many others there are; the attacker knows them all.
const OTHERS: usize = 60;
