//! What can happen in a story.

use rand::RngExt as _;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::Action;
use sumac_protocol::moment::Millis;
use sumac_protocol::round::message::Message;

use super::AWAY_MAX;
use super::scene::Scene;
use crate::cast::{HARBOUR, RIDGE};
use crate::node::Death;
use crate::patient::Said;
use crate::rules;
use crate::wire::Faults;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Nothing.
    Nothing,
    /// The researcher asks this question of this hub.
    Ask {
        /// Its number among [`QUESTIONS`].
        text: usize,
        /// The hub.
        hub: usize,
    },
    /// The researcher, or somebody with no name, submits a query many times over, to the wrong hub as well.
    Flood {
        /// The number of the question.
        question: usize,
    },
    /// The wire loses, repeats and delays, in thousandths, for so long.
    Weather {
        /// Lost.
        drop: u32,
        /// Twice.
        duplicate: u32,
        /// Late.
        delay: u32,
        /// For so many milliseconds.
        lasts: u64,
    },
    /// These nodes, a bit each, do not reach the others.
    Part {
        /// Which.
        who: u32,
        /// For so many milliseconds.
        lasts: u64,
    },
    /// A node answers late.
    Slow {
        /// Which.
        who: usize,
        /// By so many milliseconds.
        by: u64,
    },
    /// A node's clock goes wrong.
    Skew {
        /// Which.
        who: usize,
        /// By so many milliseconds.
        by: i64,
    },
    /// A node dies now.
    Crash {
        /// Which.
        who: usize,
    },
    /// A node dies right after it has kept so many more forms.
    DieAfterKeeps {
        /// Which.
        who: usize,
        /// How many.
        keeps: u64,
    },
    /// A node dies before the effect after so many more.
    DieBeforeEffect {
        /// Which.
        who: usize,
        /// How many.
        effects: u64,
    },
    /// A patient withdraws.
    Withdraw {
        /// Who.
        patient: usize,
    },
    /// A patient says yes, with a cap of this many thousandths of ρ.
    Consent {
        /// Who.
        patient: usize,
        /// The cap.
        cap: u64,
    },
    /// Somebody says a message again that was said before.
    Replay {
        /// Where it stands on the tape.
        at: usize,
    },
}

/// What is asked.
pub const QUESTIONS: [&str; 3] = [
    "SELECT count(*) AS n FROM courses",
    "SELECT count(*) AS n FROM courses GROUP BY arm",
    "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm",
];

impl Operation {
    /// Draws what happens next.
    pub(super) fn draw(scene: &mut Scene) -> Self {
        let (nodes, patients) = (scene.federation.nodes.len(), scene.federation.patients.len());
        let (asked, said) = (scene.questions.len(), scene.federation.tape().len());
        let rng = &mut scene.rng;
        let who = rng.random_range(0..nodes);
        match rng.random_range(0..100) {
            _ if asked == 0 => Self::ask(rng),
            0..8 if asked < ASKED_MAX => Self::ask(rng),
            8..10 => Self::Flood { question: rng.random_range(0..asked) },
            10..16 => Self::Weather {
                drop: rng.random_range(0..250),
                duplicate: rng.random_range(0..400),
                delay: rng.random_range(0..600),
                lasts: rng.random_range(0..AWAY_MAX.0),
            },
            16..19 => Self::Part { who: rng.random_range(1..(1 << nodes) - 1), lasts: rng.random_range(0..AWAY_MAX.0) },
            19..22 => Self::Slow { who, by: rng.random_range(100..1_500) },
            22..24 => Self::Skew { who, by: rng.random_range(-20_000..20_000) },
            24..26 => Self::Crash { who },
            26..31 => Self::DieAfterKeeps { who, keeps: rng.random_range(1..12) },
            31..36 => Self::DieBeforeEffect { who, effects: rng.random_range(0..25) },
            36..44 => Self::Withdraw { patient: rng.random_range(0..patients) },
            44..50 => Self::Consent { patient: rng.random_range(0..patients), cap: rng.random_range(0..4_000) },
            50..60 if said > 0 => Self::Replay { at: rng.random_range(0..said) },
            _ => Self::Nothing,
        }
    }

    fn ask(rng: &mut impl rand::Rng) -> Self {
        let hub = if rng.random_range(0..4) == 0 { RIDGE } else { HARBOUR };
        Self::Ask { text: rng.random_range(0..QUESTIONS.len()), hub }
    }

    /// Has it happen.
    pub(super) fn happen(self, scene: &mut Scene) {
        let now = scene.federation.now;
        let wire = &mut scene.federation.wire;
        match self {
            Self::Nothing => {}
            Self::Ask { text, hub } => {
                let text = QUESTIONS.get(text).copied().unwrap_or_default();
                let question = scene.federation.compose_with(text, RHO, |query| query, None, hub);
                drop(scene.federation.submit(&question));
                scene.asked(question);
            }
            Self::Flood { question } => flood(scene, question),
            Self::Weather { drop, duplicate, delay, lasts } => {
                wire.faults = Faults { drop, duplicate, delay, delay_max_ms: 1_500 };
                scene.heals = Some(now + Millis(lasts));
            }
            Self::Part { who, lasts } => {
                let nodes = scene.federation.nodes.iter().enumerate().filter(|(at, _)| who >> at & 1 == 1);
                wire.cut_off = nodes.map(|(_, node)| node.key()).collect();
                scene.heals = Some(now + Millis(lasts));
            }
            Self::Slow { who, by } => {
                wire.slow.insert(scene.federation.nodes[who].key(), by);
                scene.heals = Some(now + AWAY_MAX);
            }
            Self::Skew { who, by } => {
                scene.federation.skews[who] = by;
                scene.heals = Some(now + AWAY_MAX);
            }
            Self::Crash { who } => {
                scene.federation.crash(who);
                scene.returns.insert(who, now + Millis(scene.rng.random_range(0..AWAY_MAX.0)));
            }
            Self::DieAfterKeeps { who, keeps } => scene.federation.nodes[who].dies = Some(Death::AfterKeeps(keeps)),
            Self::DieBeforeEffect { who, effects } => {
                scene.federation.nodes[who].dies = Some(Death::BeforeEffect(effects));
            }
            Self::Withdraw { patient } => scene.federation.revoke(patient),
            Self::Consent { patient, cap } => consent(scene, patient, cap),
            Self::Replay { at } => {
                let packet = scene.federation.tape()[at].clone();
                scene.deliver(&packet);
            }
        }
    }
}

fn consent(scene: &mut Scene, patient: usize, cap: u64) {
    let Action::Grant(mut grant) = rules::grant() else { return };
    grant.rho_year = RhoMicro(cap * 1_000);
    if scene.federation.say(patient, Action::Grant(grant)).is_ok() {
        scene.federation.patients[patient].said = Said::Yes;
    }
}

/// The same query ten times, from its researcher, from a stranger, and to a hub that it does not name.
fn flood(scene: &mut Scene, question: usize) {
    let question = &scene.questions[question];
    let message = Message::Submit { query: question.envelope.clone(), study: question.study.clone() };
    let (asker, stranger) = (question.asker, scene.federation.cast.stranger.principal());
    for _ in 0..10 {
        for (hub, from) in [(HARBOUR, asker), (RIDGE, asker), (HARBOUR, stranger)] {
            drop(scene.federation.tell(hub, from, message.clone()));
        }
    }
}

/// What every query costs each patient.
const RHO: RhoMicro = RhoMicro(1_000_000);
/// Most queries of one story.
const ASKED_MAX: usize = 3;
