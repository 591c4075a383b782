//! An attempt that is lost on purpose after it was noised: asked again, the committees must not draw a second time.

use std::collections::BTreeSet;

use sumac_protocol::moment::Millis;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::Message;

use super::game::{Game, Watcher};
use super::{Attack, AttackError, Finding, Target, cohort};
use crate::rehearsal::{Packet, Rehearsal, RehearsalError};

/// The coordinator holds the first attempt's answer, says that it never came, and asks its members to sign that the attempt
/// is void, so that the query goes on to the next committee. Every attempt that all members answered is a noised value; a debit pays for one.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let price = target.price();
    let (mut rehearsal, _folder) = target.rehearsal(Attack::LostAttempts, target.year())?;
    rehearsal.lose(|packet: &Packet| matches!(&packet.message, Message::Answer { attempt: 1, .. }));
    let text = target.words.count();
    let question = rehearsal.compose(&text, price)?;
    rehearsal.submit(&question)?;
    // As the coordinator's hand: it has the answer, and asks for the notes that it needs to go on. Nobody waits
    // for the query to expire.
    let coordinator = rehearsal.charter().hubs().next().map(|hub| hub.key).ok_or(RehearsalError::NoHub)?;
    let first = rehearsal.charter().committee(1).unwrap_or_default().to_vec();
    let beat = beat(&rehearsal);
    for _ in 0..STEPS {
        rehearsal.pass(beat)?;
        if all_answered(&rehearsal, 1, &first) {
            break;
        }
    }
    for member in &first {
        let (query, study) = (question.envelope().clone(), rehearsal.study().clone());
        let at = rehearsal.place_of(member).ok_or(RehearsalError::NoHub)?;
        rehearsal.tell(at, coordinator, Message::AskVoid { query, study, attempt: 1 })?;
    }
    for _ in 0..STEPS {
        rehearsal.pass(beat)?;
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

/// Short enough for a member to answer in time, and long enough for a window to close after some of them.
fn beat(rehearsal: &Rehearsal) -> Millis {
    let policy = &rehearsal.charter().policy;
    Millis((policy.step_timeout_ms / 4).max(policy.window_ms / 20) + 1)
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

/// Beats until a committee must have come as far as it comes.
const STEPS: usize = 40;
