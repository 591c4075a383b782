//! Two hundred withdrawals over HTTP, at random moments of running rounds, crashes of the node included: once one is
//! acknowledged, no query whose cohort is selected afterwards holds the patient.

use std::collections::BTreeMap;
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_node::clinic::{AsOf, CohortLine};
use sumac_protocol::document::consent::{Action, Revoke, Statement};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::ledger::Receipt;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Principal;
use sumac_tests::processes::{Federation, Heard, Question, Setup, now, try_to_hand_in};

use crate::PROGRAM;

#[test]
fn two_hundred_withdrawals_at_any_moment_of_running_rounds_are_obeyed() {
    let mut federation = Setup::default().doors().jitter(60).start(PROGRAM);
    let mut luck = StdRng::seed_from_u64(SEED);
    let mut story = Story::of(&federation);
    for wave in 0..WAVES {
        story.consent_again(&federation);
        let mut leaving = story.choose(&federation, &mut luck);
        // Some are on their way before the question, the others while the round runs.
        let later = leaving.split_off(luck.random_range(0..=WITHDRAWALS / 2));
        let mut under_way: Vec<_> = leaving.into_iter().map(|who| story.start(&federation, who)).collect();
        let mut asked = federation.ask(&Question::how_many());
        // In some rounds a clinic's process is killed while a withdrawal is on its way to it, and comes back.
        let mut kills = wave % 3 == 2;
        for who in later {
            asked.follow_for(Duration::from_millis(luck.random_range(0..BETWEEN_MS)));
            let clinic = who.0;
            under_way.push(story.start(&federation, who));
            if kills && OUTSIDE.contains(&clinic) {
                federation.kill(clinic);
                federation.restart(clinic);
                kills = false;
            }
        }
        let query = asked.query().to_owned();
        for leaving in under_way {
            story.acknowledge(&federation, leaving, &query);
        }
        let finished = asked.answer();
        story.check(&federation, &finished.query);
    }
    story.is_on_every_clinic_s_list(&federation);
    println!("{}", story.told());
    assert_eq!(story.obeyed + story.too_late, WAVES * WITHDRAWALS);
    assert!(story.obeyed >= 5 && story.too_late >= 5, "both sides of the selection were tried: {}", story.told());
    assert!(story.cut_off >= 1, "some came to a node that was killed: {}", story.told());
    // Without optimization nothing is promised about time.
    assert!(cfg!(debug_assertions) || story.took(50) < PROMISED, "{}", story.told());
}

/// A patient's own program that withdraws over HTTP, under way.
struct Leaving {
    who: Patient,
    signed: Envelope,
    program: JoinHandle<Result<(Heard, Duration, Moment), String>>,
}

/// A clinic's letter, and the pseudonym there.
type Patient = (char, String);

/// An acknowledged withdrawal.
struct Withdrawal {
    /// Where it stands in the ledger.
    position: u64,
    /// When the acknowledgement was there, by the clock that the clinic has too.
    at: Moment,
    /// The question that was under way.
    during: String,
}

/// Withdrawals while questions run, and what must follow from each.
#[derive(Default)]
struct Story {
    clinics: BTreeMap<char, Principal>,
    withdrawn: BTreeMap<Patient, Withdrawal>,
    /// Withdrawn for a whole question: they consent again before the next but one.
    rested: Vec<Patient>,
    /// In the ledger before the clinic selected, and after.
    obeyed: usize,
    too_late: usize,
    /// Of both, those that got no answer at first, because the clinic was killed.
    cut_off: usize,
    took: Vec<Duration>,
}

impl Story {
    fn of(federation: &Federation) -> Self {
        let clinics = Federation::letters().map(|clinic| (clinic, federation.status(clinic).key)).collect();
        Self { clinics, ..Self::default() }
    }

    /// Those who withdraw next, from all clinics, among those who consent.
    fn choose(&self, federation: &Federation, luck: &mut StdRng) -> Vec<Patient> {
        let consents = |clinic| {
            let patients = federation.patients(clinic).into_iter().filter(|patient| patient.standing == "granted");
            patients.map(move |patient| (clinic, patient.pseudonym))
        };
        let mut may: Vec<Patient> = Federation::letters().flat_map(consents).collect();
        (0..WITHDRAWALS).map(|_| may.swap_remove(luck.random_range(0..may.len()))).collect()
    }

    /// Signs a withdrawal with the patient's key, and hands it in without waiting for what comes of it.
    fn start(&self, federation: &Federation, who: Patient) -> Leaving {
        let (url, signer) = (federation.door(who.0), federation.signer(&who.1));
        let (clinic, patient) = (*self.clinics.get(&who.0).expect("a known clinic"), signer.principal());
        let action = Action::Revoke(Revoke { purposes: None });
        let statement =
            Statement { clinic, patient, sequence: 0, previous: None, made_at: now(), action, witness: None };
        let signed = Envelope::sign(&statement, &signer).expect("a statement can be signed");
        let sent = signed.clone();
        let program = spawn(move || {
            let began = Instant::now();
            let heard = try_to_hand_in(&url, "/v1/statements", &sent)?;
            Ok((heard, began.elapsed(), now()))
        });
        Leaving { who, signed, program }
    }

    /// Waits for an acknowledgement. Whose clinic was killed meanwhile hands the same statement in again.
    fn acknowledge(&mut self, federation: &Federation, leaving: Leaving, query: &str) {
        let Leaving { who, signed, program } = leaving;
        let (heard, at) = match program.join().expect("the patient's program does not panic") {
            Ok((heard, took, at)) => {
                self.took.push(took);
                (heard, at)
            }
            Err(_) => {
                self.cut_off += 1;
                let heard = try_to_hand_in(&federation.door(who.0), "/v1/statements", &signed);
                (heard.expect("the clinic is back"), now())
            }
        };
        assert_eq!(heard.status, 201, "{who:?}: {heard:?}");
        let receipt: Receipt = serde_json::from_str(&heard.body).expect("a receipt");
        let clinic = self.clinics.get(&who.0).expect("a known clinic");
        let head = receipt.check(clinic, &signed.digest()).expect("a receipt that holds");
        assert!(head.size > receipt.position, "{who:?}: the signed ledger reaches past the statement");
        let withdrawal = Withdrawal { position: receipt.position, at, during: query.to_owned() };
        assert!(self.withdrawn.insert(who, withdrawal).is_none());
    }

    /// After a question: nobody is in it whose withdrawal was acknowledged before the clinic selected; nor anybody
    /// whose withdrawal the ledger had by then.
    fn check(&mut self, federation: &Federation, query: &str) {
        let line = |clinic| federation.cohort(clinic, query).expect("the clinic selected for this query");
        let selected = |clinic| (clinic, (line(clinic), federation.as_of(clinic, query)));
        let selections: BTreeMap<char, (CohortLine, AsOf)> = Federation::letters().map(selected).collect();
        for (who, Withdrawal { position, at, during }) in &self.withdrawn {
            let (line, told) = selections.get(&who.0).expect("a selection of each clinic");
            let counted = line.pseudonyms.contains(&who.1);
            if *at < told.selected_at {
                assert!(!counted, "{who:?}: acknowledged at {at}, selected at {}: {line:?}", told.selected_at);
            }
            assert_eq!(counted, *position >= line.ledger_position, "{who:?} at {position}: {line:?}");
            if during == query {
                *(if counted { &mut self.too_late } else { &mut self.obeyed }) += 1;
            } else {
                assert!(!counted, "{who:?} withdrew during an earlier question");
            }
        }
    }

    /// Who was withdrawn for a whole question consents again, so that there is always somebody who can withdraw.
    fn consent_again(&mut self, federation: &Federation) {
        for who in std::mem::take(&mut self.rested) {
            federation.grant(who.0, &who.1);
            self.withdrawn.remove(&who);
        }
        self.rested = self.withdrawn.keys().cloned().collect();
    }

    /// Whatever was killed meanwhile: who withdrew last of all is listed as withdrawn.
    fn is_on_every_clinic_s_list(&self, federation: &Federation) {
        for (clinic, name) in self.withdrawn.keys() {
            let line = federation.patients_by_name(*clinic).remove(name);
            assert_eq!(line.map(|line| line.standing).as_deref(), Some("withdrawn"), "{name} of {clinic}");
        }
    }

    /// What it came to, and how long it took from a request to the acknowledgement that it is durable.
    fn told(&self) -> String {
        let Self { obeyed, too_late, cut_off, .. } = self;
        format!(
            "{obeyed} withdrawals came before the selection, {too_late} after; {cut_off} were handed in again to a clinic \
             that had been killed. From request to durable acknowledgement: median {:.1?}, 95 of 100 {:.1?}, slowest \
             {:.1?} (promised: a median under {PROMISED:?})",
            self.took(50),
            self.took(95),
            self.took(100),
        )
    }

    /// What so many of a hundred requests took at most.
    fn took(&self, of_hundred: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get(took.len().saturating_sub(1) * of_hundred / 100).copied().unwrap_or_default()
    }
}

/// Where the random moments begin; another number gives other moments.
const SEED: u64 = 4;
/// Questions that are asked while patients withdraw, and how many withdraw during each.
const WAVES: usize = 20;
const WITHDRAWALS: usize = 10;
/// The longest that the next withdrawal is waited for, in milliseconds: a round takes a few hundred.
const BETWEEN_MS: u64 = 80;
/// Clinics on no first committee: a question does not begin anew when they are gone.
const OUTSIDE: [char; 2] = ['D', 'E'];
/// The median from a request to the acknowledgement that it is durable.
const PROMISED: Duration = Duration::from_millis(100);
