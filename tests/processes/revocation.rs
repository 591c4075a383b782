//! A patient who withdraws is out: of every question that the clinic selects for afterwards, on
//! every path that a withdrawal can take, by the clinic's own record. The clinic of these stories is
//! Mill; it sits on no first committee.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sumac_node::clinic::CohortLine;
use sumac_tests::processes::{Asked, Federation, Finished, Program, Question, Setup};

#[test]
fn a_patient_who_withdrew_before_the_question_is_out() {
    let federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    let first = federation.ask(&Question::how_many()).answer();
    assert!(counted(&federation, &first, &patient), "with consent, the patient is in");
    federation.revoke('D', &patient);
    let second = federation.ask(&Question::how_many()).answer();
    assert!(!counted(&federation, &second, &patient), "withdrawn, the patient is out");
    assert_eq!(spent(&federation, &patient), PRICE, "the one answer with the patient stays paid for");
    federation.grant('D', &patient);
    let third = federation.ask(&Question::how_many()).answer();
    assert!(counted(&federation, &third, &patient), "who consents again is in again");
}

#[test]
fn a_patient_who_withdrew_between_question_and_announcement_is_out() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    // The committee is not complete, so nothing is announced yet.
    federation.suspend('C');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("the committee commits to its noise; waiting for Linden");
    federation.revoke('D', &patient);
    federation.resume('C');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_in_the_window_before_the_clinic_selected_is_out() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.kill('D');
    let mut asked = federation.ask(&Question::how_many());
    until_only_mill_is_awaited(&mut asked);
    // The clinic comes up while the coordinator says nothing: it hears of the question later.
    federation.suspend('A');
    federation.restart('D');
    federation.revoke('D', &patient);
    assert_eq!(federation.cohort('D', asked.query()), None, "nothing is selected yet");
    federation.resume('A');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    assert_eq!(finished.operators("counted"), 5, "the clinic itself is in");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_withdrawal_that_races_the_announcement_is_obeyed_if_it_was_acknowledged_first() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.suspend('D');
    let mut asked = federation.ask(&Question::how_many());
    until_only_mill_is_awaited(&mut asked);
    // Both wait at the clinic's doors while it is suspended.
    let withdrawal = federation.revoking('D', &patient);
    federation.resume('D');
    let position = acknowledged_at(&withdrawal.ended().out.concat());
    let finished = asked.answer();
    let line = federation.cohort('D', &finished.query).expect("the clinic selected for this query");
    let withdrew_first = position < line.ledger_position;
    assert_eq!(line.pseudonyms.contains(&patient), !withdrew_first, "position {position}: {line:?}");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_after_the_selection_is_out_of_every_later_question() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    // Quay is awaited, so the round is still open when the patient withdraws.
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay");
    federation.revoke('D', &patient);
    federation.resume('E');
    let finished = asked.answer();
    assert!(counted(&federation, &finished, &patient), "the selection came before the withdrawal");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_patient_who_withdrew_between_two_attempts_is_out_of_the_second_and_gets_the_price_back() {
    let mut federation = Setup::default().start(PROGRAM);
    let patient = somebody(&federation);
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay");
    assert_eq!(spent(&federation, &patient), PRICE, "selected and debited in the first attempt");
    // A member that restarts voids the first attempt; the second waits for Quay.
    federation.kill('B');
    federation.restart('B');
    asked.until("attempt 2: ");
    federation.revoke('D', &patient);
    federation.resume('E');
    let finished = asked.answer();
    assert!(!counted(&federation, &finished, &patient));
    assert_eq!(spent(&federation, &patient), 0, "what was debited for the void attempt is given back");
    answered_again_without(&federation, &patient);
}

#[test]
fn a_withdrawal_survives_a_power_cut_right_after_its_acknowledgement() {
    let mut federation = Setup::default().start(PROGRAM);
    for delete_index in [false, true] {
        let patient = somebody(&federation);
        federation.revoke('D', &patient);
        federation.kill('D');
        if delete_index {
            federation.delete_index('D');
        }
        federation.restart('D');
        let standing = federation.patients_by_name('D').remove(&patient).expect("the patient is known").standing;
        assert_eq!(standing, "withdrawn", "index deleted: {delete_index}");
        answered_again_without(&federation, &patient);
    }
}

#[test]
fn an_exact_answer_has_one_course_less_for_each_patient_who_withdrew() {
    let federation = Setup::default().exact().start(PROGRAM);
    let patient = somebody(&federation);
    let before = federation.ask(&Question::trial()).answer();
    federation.revoke('D', &patient);
    let after = federation.ask(&Question::trial()).answer();
    assert!(!counted(&federation, &after, &patient));
    assert_eq!(courses(&before) - courses(&after), 1);
}

#[test]
fn two_hundred_withdrawals_at_any_moment_of_running_rounds_are_obeyed() {
    let mut federation = Setup::default().jitter(60).start(PROGRAM);
    let mut luck = StdRng::seed_from_u64(SEED);
    let mut story = Story::default();
    for wave in 0..WAVES {
        story.consent_again(&federation);
        let mut leaving = story.choose(&federation, &mut luck);
        // Some are on their way before the question, the others while the round runs.
        let later = leaving.split_off(luck.random_range(0..=WITHDRAWALS));
        let mut under_way: Vec<_> = leaving.into_iter().map(|who| Leaving::start(&federation, who)).collect();
        let mut asked = federation.ask(&Question::how_many());
        for who in later {
            under_way.push(Leaving::start(&federation, who));
            if luck.random() {
                asked.until_step(1);
            }
        }
        if wave % 3 == 2 {
            // Its process is killed in the middle, and comes back.
            let clinic = if luck.random() { 'D' } else { 'E' };
            federation.kill(clinic);
            federation.restart(clinic);
        }
        let query = asked.query().to_owned();
        for leaving in under_way {
            story.acknowledge(&federation, leaving, &query);
        }
        let finished = asked.answer();
        story.check(&federation, &finished.query);
    }
    println!("{}", story.told());
    let Story { obeyed, too_late, cut_off, .. } = story;
    assert_eq!(obeyed + too_late + cut_off, WAVES * WITHDRAWALS);
    assert!(obeyed >= 5 && too_late >= 5, "both sides of the selection were tried: {obeyed} and {too_late}");
}

/// A patient's program that withdraws, under way.
struct Leaving {
    who: Patient,
    began: Instant,
    program: Program,
}

impl Leaving {
    fn start(federation: &Federation, who: Patient) -> Self {
        let program = federation.revoking(who.0, &who.1);
        Self { who, began: Instant::now(), program }
    }
}

/// Withdrawals while questions run, and what must follow from each.
#[derive(Default)]
struct Story {
    withdrawn: BTreeMap<Patient, Withdrawal>,
    /// Withdrawn for a whole question: they consent again before the next but one.
    rested: Vec<Patient>,
    /// Acknowledged before the clinic selected, and after.
    obeyed: usize,
    too_late: usize,
    /// Kept by a clinic that was killed before it could acknowledge.
    cut_off: usize,
    took: Vec<Duration>,
}

/// A clinic's letter, and the pseudonym there.
type Patient = (char, String);

struct Withdrawal {
    /// Where it stands in the ledger; none if that was never acknowledged.
    position: Option<u64>,
    /// The question that was under way.
    during: String,
    /// Whether the clinic had selected for it once the acknowledgement was there.
    had_selected: bool,
}

impl Story {
    /// Those who withdraw next, from all clinics, among those who consent.
    fn choose(&self, federation: &Federation, luck: &mut StdRng) -> Vec<Patient> {
        let consents = |clinic| {
            let patients = federation.patients(clinic).into_iter().filter(|patient| patient.standing == "granted");
            patients.map(move |patient| (clinic, patient.pseudonym))
        };
        let mut may: Vec<Patient> = Federation::letters().flat_map(consents).collect();
        (0..WITHDRAWALS).map(|_| may.swap_remove(luck.random_range(0..may.len()))).collect()
    }

    /// Waits for an acknowledgement. Whose clinic was killed meanwhile asks again.
    fn acknowledge(&mut self, federation: &Federation, Leaving { who, began, program }: Leaving, query: &str) {
        let ended = program.ended();
        let position = if ended.exit == Some(0) {
            self.took.push(began.elapsed());
            Some(acknowledged_at(&ended.out.concat()))
        } else {
            let said = federation.revoke(who.0, &who.1);
            (!said.contains("already withdrawn")).then(|| acknowledged_at(&said))
        };
        let had_selected = federation.cohort(who.0, query).is_some();
        self.withdrawn.insert(who, Withdrawal { position, during: query.to_owned(), had_selected });
    }

    /// After a question: nobody is in it whose withdrawal was acknowledged before the clinic selected.
    fn check(&mut self, federation: &Federation, query: &str) {
        let line = |clinic| federation.cohort(clinic, query).expect("the clinic selected for this query");
        let lines: BTreeMap<char, CohortLine> = Federation::letters().map(|clinic| (clinic, line(clinic))).collect();
        for (who, Withdrawal { position, during, had_selected }) in &self.withdrawn {
            let line = lines.get(&who.0).expect("a line of each clinic");
            let counted = line.pseudonyms.contains(&who.1);
            if during != query || !had_selected {
                assert!(!counted, "{who:?} had withdrawn before the selection: {line:?}");
            }
            if let Some(position) = position {
                assert_eq!(counted, *position >= line.ledger_position, "{who:?} at {position}: {line:?}");
            }
            if during == query {
                *match (position, counted) {
                    (None, _) => &mut self.cut_off,
                    (Some(_), false) => &mut self.obeyed,
                    (Some(_), true) => &mut self.too_late,
                } += 1;
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

    /// What it came to, and how long a withdrawal took from the start of the patient's program to its end.
    fn told(&mut self) -> String {
        self.took.sort_unstable();
        let Self { obeyed, too_late, cut_off, took, .. } = self;
        let (median, slowest) = (took.get(took.len() / 2).copied(), took.last().copied());
        let [median, slowest] = [median, slowest].map(Option::unwrap_or_default);
        format!(
            "{obeyed} came before the selection, {too_late} after, {cut_off} while the clinic was killed; median \
             {median:.0?}, slowest {slowest:.0?}"
        )
    }
}

/// Asks once more: answered, and the patient is not in it.
fn answered_again_without(federation: &Federation, patient: &str) {
    let finished = federation.ask(&Question::how_many()).answer();
    assert!(!counted(federation, &finished, patient), "{patient} is out of a later question");
    assert_eq!(finished.operators("counted"), 5);
}

fn until_only_mill_is_awaited(asked: &mut Asked) {
    asked.until("(4 of 5); waiting for Mill");
}

/// Whether Mill's own record of a query names a patient.
fn counted(federation: &Federation, finished: &Finished, pseudonym: &str) -> bool {
    let line = federation.cohort('D', &finished.query).expect("the clinic selected for this query");
    assert!(line.pseudonyms.len() > 20, "the others are in: {line:?}");
    line.pseudonyms.iter().any(|name| name == pseudonym)
}

/// What Mill's patient was charged, in millionths of ρ.
fn spent(federation: &Federation, pseudonym: &str) -> u64 {
    federation.patients_by_name('D').remove(pseudonym).expect("the patient is known").spent.0
}

/// Some patient of Mill who consents.
fn somebody(federation: &Federation) -> String {
    let patients = federation.patients('D');
    patients.into_iter().find(|p| p.standing == "granted").expect("somebody consents").pseudonym
}

/// The number in "acknowledged at position 12 of the clinic's ledger, as …".
fn acknowledged_at(line: &str) -> u64 {
    let number = line.split_whitespace().find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no position in {line}"))
}

/// The courses of all groups of an exact answer.
fn courses(finished: &Finished) -> u64 {
    let answer = finished.answer.as_ref().expect("answered");
    let groups = answer["groups"].as_array().expect("groups");
    groups
        .iter()
        .map(|group| group.pointer("/estimates/0/value").and_then(serde_json::Value::as_u64).expect("a count"))
        .sum()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_sumac");
/// Where the random moments begin; another number gives other moments.
const SEED: u64 = 4;
/// Questions that are asked while patients withdraw, and how many withdraw during each.
const WAVES: usize = 20;
const WITHDRAWALS: usize = 10;
/// The price of [`Question::how_many`], in millionths of ρ.
const PRICE: u64 = 20_000;
