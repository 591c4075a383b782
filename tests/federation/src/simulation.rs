//! Stories of a federation in trouble: everything that happens grows from one number, and after every step the promises
//! of the round are held against what was said and what lies in the books.
//!
//! A story is told with a clock, a wire and disks that fail at random, and with at most one liar. Shares are split with
//! the system's own randomness, so two tellings of a story differ in bytes and noise, and in nothing that anybody does.

mod books;
pub mod liar;
pub mod operation;
pub mod promise;
mod scene;
mod tape;
mod totals;

use sumac_protocol::moment::Millis;
use sumac_protocol::round::message::Reply;
use sumac_protocol::round::progress::Step;

use crate::books::Charge;
use operation::Operation;
use promise::{Broken, Promise};
use scene::Scene;
use tape::Tape;

/// What a story came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Queries that were asked.
    pub asked: usize,
    /// Queries that were answered.
    pub answered: usize,
    /// Of those, by the attempt that answered them, from the first.
    pub by_attempt: [usize; 3],
    /// Messages that left a node.
    pub messages: usize,
    /// What happened, in order, for whoever reads a story that failed.
    pub happened: Vec<Operation>,
}

/// Tells the story that grows from `seed`.
///
/// # Errors
/// [`Broken`]: the promise that did not hold, at which step, and how to tell the story again.
pub fn tell(seed: u64) -> Result<Told, Broken> {
    let mut scene = Scene::of(seed);
    let mut tape = Tape::default();
    let mut books = books::Books::default();
    let mut told = Told::default();
    for step in 0..scene.steps {
        let operation = Operation::draw(&mut scene);
        operation.happen(&mut scene);
        told.happened.push(operation);
        scene.let_time_pass();
        let checked = promises(&scene, &mut tape, &mut books);
        checked.map_err(|(promise, why)| Broken { seed, step, promise, why, happened: told.happened.clone() })?;
    }
    let (step, happened) = (scene.steps, told.happened.clone());
    let broken = |(promise, why)| Broken { seed, step, promise, why, happened: happened.clone() };
    scene.heal();
    for _ in 0..QUIET_BEATS {
        scene.federation.beat();
    }
    promises(&scene, &mut tape, &mut books).map_err(broken)?;
    told.by_attempt = ends(&mut scene, &tape).map_err(broken)?;
    told.answered = told.by_attempt.iter().sum();
    replayed(&mut scene, &mut tape, &mut books).map_err(broken)?;
    (told.asked, told.messages) = (scene.questions.len(), scene.federation.tape().len());
    Ok(told)
}

/// Everything that must hold after every step.
fn promises(scene: &Scene, tape: &mut Tape, books: &mut books::Books) -> Result<(), (Promise, String)> {
    tape.check(scene)?;
    books.check(scene, tape)?;
    tape.take_answered(scene).into_iter().try_for_each(|((query, attempt), shares)| {
        scene.question(query).map_or(Ok(()), |question| totals::check(scene, question, attempt, &shares, tape))
    })
}

/// Every query has ended once all is well again, and what was answered is the truth and the noise. How many were,
/// by attempt.
fn ends(scene: &mut Scene, tape: &Tape) -> Result<[usize; 3], (Promise, String)> {
    let mut answered = [0; 3];
    for at in 0..scene.questions.len() {
        let (question, hub) = (&scene.questions[at], scene.federation.nodes[scene.questions[at].hub].key());
        let follow = sumac_protocol::round::message::Message::Follow { query: question.id() };
        let Some(Reply::Progress(progress)) = scene.federation.tell(question.hub, question.asker, follow) else {
            // Never taken by its hub, which was down or refused it.
            continue;
        };
        match progress.step {
            Step::Answered { shares } => {
                totals::check(scene, &scene.questions[at], progress.attempt, &shares, tape)?;
                if let Some(attempt) = answered.get_mut(usize::from(progress.attempt).wrapping_sub(1)) {
                    *attempt += 1;
                }
            }
            Step::Over { .. } => {}
            step @ (Step::Committing
            | Step::Collecting
            | Step::Freezing
            | Step::Verifying
            | Step::Opening
            | Step::Voiding) => {
                if !scene.lies(&hub) {
                    return Err((Promise::QueriesEnd, format!("long after it expired a query is still {step:?}")));
                }
            }
        }
    }
    Ok(answered)
}

/// Every message is said again, as somebody on the wire may; nothing changes by it.
fn replayed(scene: &mut Scene, tape: &mut Tape, books: &mut books::Books) -> Result<(), (Promise, String)> {
    let before = scene.standing();
    let all = scene.federation.tape().len();
    for at in (0..all).step_by((all / REPLAYS).max(1)) {
        let packet = scene.federation.tape()[at].clone();
        scene.deliver(&packet);
    }
    promises(scene, tape, books)?;
    let after = scene.standing();
    let mut both = before.iter().zip(&after).zip(&scene.federation.nodes);
    let differs = both.find(|((before, after), _)| before.1 != after.1 || !only_ended(&before.0, &after.0));
    match differs {
        None => Ok(()),
        Some(((before, after), node)) => {
            let why = format!("messages said again changed what {} holds, from {before:#?} to {after:#?}", node.name);
            Err((Promise::ReplaysChangeNothing, why))
        }
    }
}

/// Whether entries are the same but for some that nobody knew the ending of: that may still be heard.
fn only_ended(before: &[Charge], after: &[Charge]) -> bool {
    let same = |(before, after): (&Charge, &Charge)| {
        before == after || (before.ended.is_none() && *before == Charge { ended: None, ..after.clone() })
    };
    before.len() == after.len() && before.iter().zip(after).all(same)
}

/// Beats of calm after the last step: longer than a query lives.
const QUIET_BEATS: u64 = scene::LIFETIME.0 / 100 + 50;
/// How many messages are said again at the end.
const REPLAYS: usize = 40;
/// The longest that a node is away, or a part of the wire.
const AWAY_MAX: Millis = Millis(4_000);
