//! A committee of the attacker's own choice: whoever holds all its keys opens every share that clinics seal to it.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::commitment::Commitment;
use sumac_protocol::document::upload::Upload;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::message::{Announcement, Message};
use sumac_protocol::sealed::OpeningKey;

use super::{Attack, AttackError, Finding, Target};
use crate::rehearsal::{Question, Rehearsal, RehearsalError};

/// The coordinator announces a query under a committee that the charter does not list, whose commitments its own nodes
/// have signed; then one for an attempt beyond the charter's last. No clinic may share anything with either.
pub(super) fn attack(target: &Target<'_>) -> Result<Finding, AttackError> {
    let (mut rehearsal, _folder) = target.rehearsal(Attack::Grinding, target.year())?;
    let attempts = u8::try_from(rehearsal.charter().committees.len()).unwrap_or(u8::MAX);
    // The charter's own committee, to see that clinics would answer such a call at all.
    let listed = rehearsal.charter().committee(1).unwrap_or_default();
    let listed: Vec<usize> = listed.iter().filter_map(|key| rehearsal.place_of(key)).collect();
    if called(target, &mut rehearsal, &listed, 1)? == 0 {
        return Ok(Finding::not_tried(Attack::Grinding, "no clinic answers the charter's own committee"));
    }
    let own = own_committee(&rehearsal, target.members())?;
    let gave =
        called(target, &mut rehearsal, &own, 1)? + called(target, &mut rehearsal, &own, attempts.saturating_add(1))?;
    let asked = 2 * rehearsal.clinics().len();
    let learned = format!("{gave} of {asked} calls to clinics brought shares that it can open");
    Ok(Finding::ruled(Attack::Grinding, learned, "none: committees are the charter's, in its order", gave > 0))
}

/// Calls all clinics to a fresh query before these nodes. How many share their cells with them.
fn called(
    target: &Target<'_>,
    rehearsal: &mut Rehearsal,
    committee: &[usize],
    attempt: u8,
) -> Result<usize, AttackError> {
    let question = rehearsal.compose(&target.words.count(), target.price())?;
    let call = announcement(rehearsal, &question, committee, attempt)?;
    let hub = rehearsal.charter().hubs().next().map(|hub| hub.key).ok_or(RehearsalError::NoHub)?;
    for clinic in rehearsal.clinics() {
        rehearsal.tell(clinic, hub, Message::Announce(Box::new(call.clone())))?;
    }
    rehearsal.pass(Millis(rehearsal.charter().policy.upload_jitter_ms + 1))?;
    let gave = uploads(rehearsal, question.id());
    rehearsal.pass(Millis::DAY)?;
    Ok(gave)
}

/// As many nodes as a committee has, that are none of the charter's committees in that order.
fn own_committee(rehearsal: &Rehearsal, members: usize) -> Result<Vec<usize>, AttackError> {
    let seats: Vec<usize> = (0..rehearsal.nodes()).rev().take(members).collect();
    let keys =
        seats.iter().map(|at| Ok(rehearsal.key_of(*at)?.principal())).collect::<Result<Vec<_>, AttackError>>()?;
    let listed = rehearsal.charter().committees.contains(&keys);
    Ok(if listed { seats.into_iter().rev().collect() } else { seats })
}

/// A call for contributions with commitments of these nodes, whose keys the attacker has made itself.
fn announcement(
    rehearsal: &Rehearsal,
    question: &Question,
    committee: &[usize],
    attempt: u8,
) -> Result<Announcement, AttackError> {
    let mut commitments = Vec::new();
    for at in committee {
        let mut rng = UnwrapErr(SysRng);
        let (share_key, opening_key) = (OpeningKey::generate(&mut rng), OpeningKey::generate(&mut rng));
        let commitment = Commitment {
            query: question.id(),
            attempt,
            verify_key: Digest([1; 32]),
            noise_seed: Digest([2; 32]),
            share_key: share_key.sealing_key().map_err(RehearsalError::from)?,
            opening_key: opening_key.sealing_key().map_err(RehearsalError::from)?,
            counter: rehearsal.now().0,
            note: Octets(Vec::new()),
        };
        commitments.push(Envelope::sign(&commitment, rehearsal.key_of(*at)?).map_err(RehearsalError::from)?);
    }
    let (query, study) = (question.envelope().clone(), rehearsal.study().clone());
    let closes = rehearsal.now() + rehearsal.charter().policy.window();
    Ok(Announcement { query, study, attempt, commitments, voids: Vec::new(), closes })
}

/// How many clinics sent shares for a query; what a node sends to itself is seen by nobody.
fn uploads(rehearsal: &Rehearsal, query: Digest) -> usize {
    let of = |message: &Message| -> Option<Principal> {
        let Message::Upload(parts) = message else { return None };
        let upload =
            parts.upload.claim::<Upload>().and_then(|claimed| claimed.verify_named(|upload| upload.clinic)).ok()?;
        (upload.query == query).then_some(upload.clinic)
    };
    let clinics: std::collections::BTreeSet<Principal> =
        rehearsal.tape().packets().filter_map(|packet| of(&packet.message)).collect();
    clinics.len()
}
