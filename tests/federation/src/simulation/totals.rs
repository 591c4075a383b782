//! An answer, held against the truth and the noise that was drawn for it.

use sumac_protocol::digest::Digest;
use sumac_protocol::document::share::Share;
use sumac_protocol::octets::Octets;
use sumac_protocol::principal::Principal;
use sumac_protocol::privacy::{NoiseSeed, noise_vector};
use sumac_protocol::release_file::ReleaseFile;

use super::promise::Promise;
use super::scene::Scene;
use super::tape::{At, Tape, committee};
use crate::researcher::Question;

type Check = Result<(), (Promise, String)>;

/// Adds the shares up: they must come to the truth of the accepted clinics, as each contributed in this attempt, and
/// every member's noise; to zero where a group is held back. Says nothing where a member lied.
pub(super) fn check(scene: &Scene, question: &Question, attempt: u8, shares: &[Octets], tape: &Tape) -> Check {
    let members = committee(scene, attempt);
    let honest = !members.iter().any(|member| scene.lies(member));
    let broken = |why: String| Err((Promise::Totals, why));
    let Some(inquiry) = scene.inquiry(question) else { return Ok(()) };
    let file = match ReleaseFile::assemble(inquiry, attempt, &question.key, shares) {
        Ok(file) => file,
        Err(why) if honest => return broken(format!("the shares make no release: {why}")),
        Err(_) => return Ok(()),
    };
    if !honest {
        return Ok(());
    }
    let at = (question.id(), attempt);
    let (Some(expected), Some(width)) = (expected(scene, question, at, tape), plan_width(question, scene)) else {
        return broken("an answer without a manifest, or without seeds".into());
    };
    let mut sums = vec![0_i128; expected.len()];
    let mut suppressed = Vec::new();
    for (member, envelope) in members.iter().zip(&file.proof.shares) {
        let share = envelope.claim::<Share>().unwrap().verify(member).unwrap();
        suppressed.clone_from(&share.suppressed);
        for (sum, cell) in sums.iter_mut().zip(share.cells.0.chunks_exact(8)) {
            *sum += i128::from(u64::from_le_bytes(cell.try_into().unwrap()));
        }
    }
    for (at, (sum, expected)) in sums.iter().zip(&expected).enumerate() {
        let held_back = suppressed.get(at / width).copied().unwrap_or(true);
        let due = if held_back { 0 } else { *expected };
        if (sum - due).rem_euclid(FIELD) != 0 {
            return broken(format!("cell {at} of {question:?} is another than the truth and the noise"));
        }
    }
    Ok(())
}

/// The truth of every accepted clinic, re-centred, and the noise of every member, cell by cell.
fn expected(scene: &Scene, question: &Question, at: At, tape: &Tape) -> Option<Vec<i128>> {
    let plan = scene.inquiry(question)?.plan();
    let drawn_on: Digest = *tape.burnt.get(&at.0)?.get(&at.1)?;
    let signed = tape.manifests.iter().find(|((of, _), signed)| *of == at && signed.contains_key(&drawn_on))?;
    let mut truth = vec![0_i128; plan.cell_count()];
    for clinic in signed.1.get(&drawn_on)?.accepted() {
        let node = scene.federation.nodes.iter().find(|node| node.key() == clinic)?;
        for (sum, cell) in truth.iter_mut().zip(node.books.cells_of.get(&at)?) {
            *sum += i128::from(*cell);
        }
    }
    let mut cells = plan.recentre(&truth).ok()?;
    for member in committee(scene, at.1) {
        let noise = noise_vector(plan, &seed(scene, &member, at, tape)?, drawn_on).ok()?;
        cells.iter_mut().zip(noise.cells()).for_each(|(cell, noise)| *cell += noise);
    }
    Some(cells)
}

/// The seed that a member committed to, found among everything that it drew.
fn seed(scene: &Scene, member: &Principal, at: At, tape: &Tape) -> Option<NoiseSeed> {
    let committed = tape.commitments.get(&(at, *member))?.noise_seed;
    let node = scene.federation.nodes.iter().find(|node| node.key() == *member)?;
    let drawn = node.rng.drawn.as_ref()?.iter();
    drawn.map(|bytes| NoiseSeed::from_bytes(*bytes)).find(|seed| seed.commitment() == committed)
}

fn plan_width(question: &Question, scene: &Scene) -> Option<usize> {
    let blocks = scene.inquiry(question)?.plan().blocks.len();
    (blocks > 0).then_some(blocks)
}

/// The order of the field that shares lie in: 2^64 - 2^32 + 1.
const FIELD: i128 = 0xffff_ffff_0000_0001;
