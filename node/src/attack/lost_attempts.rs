//! An attempt that is lost on purpose after it was noised: asked again, the committees must not draw a second time.

use std::collections::BTreeSet;

use sumac_protocol::moment::Millis;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::Message;

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};
use crate::rehearsal::{Packet, Rehearsal};

/// The coordinator holds the first attempt's answer and says that it never came, so that the query goes on to the next
/// committee. Every attempt that all members answered is a noised value; a debit pays for one.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    let (mut rehearsal, _folder) = target.rehearsal(Attack::LostAttempts, target.year())?;
    rehearsal.lose(|packet: &Packet| matches!(&packet.message, Message::Answer { attempt: 1, .. }));
    let text = target.words.count();
    let question = rehearsal.compose(&text, price)?;
    rehearsal.submit(&question)?;
    // Long enough for every committee to give up in turn; nobody waits for the query to expire.
    let (window, step) = (rehearsal.charter().policy.window(), rehearsal.charter().policy.step_timeout());
    for _ in 0..=rehearsal.charter().committees.len() {
        for _ in 0..STEPS {
            rehearsal.pass(Millis(step.0 / 4 + 1))?;
        }
        rehearsal.pass(window)?;
    }
    let answered = (1..=u8::MAX)
        .map_while(|attempt| rehearsal.charter().committee(attempt).map(|committee| (attempt, committee)))
        .filter(|(attempt, committee)| all_answered(&rehearsal, *attempt, committee))
        .count();
    if answered == 0 {
        return Ok(Finding::not_tried(Attack::LostAttempts, "no attempt came as far as its noise"));
    }
    let attacked = cohort::attacked(target)?;
    let mut game = Game::new(target, Watcher::AllMembersButOne);
    for _ in 0..answered {
        game.ask(&text, price, &[], Some(&attacked))?;
    }
    let finding = Finding::told_apart(Attack::LostAttempts, game.play(price)?);
    let committees = rehearsal.charter().committees.len();
    let learned = format!("{committees} committees gave {answered}");
    Ok(finding.and_rule(&learned, "1 noised value for a debit", answered > 1))
}

/// Whether every member that is not the coordinator itself, which sends itself nothing, has sent its share of an attempt.
fn all_answered(rehearsal: &Rehearsal, attempt: u8, committee: &[Principal]) -> bool {
    let sent: BTreeSet<(Principal, Principal)> = rehearsal
        .tape()
        .packets()
        .filter(|packet| matches!(&packet.message, Message::Answer { attempt: of, .. } if *of == attempt))
        .map(|packet| (packet.from, packet.to))
        .collect();
    let coordinator = sent.iter().map(|(_, to)| *to).next();
    coordinator.is_some_and(|coordinator| {
        committee.iter().all(|member| *member == coordinator || sent.iter().any(|(from, _)| from == member))
    })
}

/// Quarters of a member's time to answer, for each committee: for its steps, and for its members to be asked for void notes.
const STEPS: usize = 40;
