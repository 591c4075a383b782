//! A coordinator that dies in the middle of a question (`kill -9`), at every state that it stores:
//! the question resumes where it stood, or is void and asked of another committee. Harbour
//! coordinates; it sits on the first committee and not on the second. Every patient is charged
//! exactly once for each question that is not void, and nothing acknowledged is lost.

use std::time::Duration;

use sumac_tests::processes::{Balance, Federation, Held, Question, Setup};

#[test]
fn a_question_whose_coordinator_and_member_died_is_answered_by_the_second_committee() {
    let (mut federation, mut balance) = stand();
    for (number, held) in STEPS.into_iter().enumerate() {
        federation.suspend('C');
        let mut asked = federation.ask(&Question::how_many());
        federation.hold(&mut asked, held);
        power_cut(&mut federation, number % 2 == 1);
        federation.resume_all();
        let finished = balance.note(asked.answer());
        assert!(finished.said("attempt 2: "), "{held:?}: {}", finished.talk.join("\n"));
        assert_eq!(finished.operators("counted"), 5, "{held:?}");
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_question_whose_coordinator_died_resumes_where_it_stood() {
    let (mut federation, mut balance) = stand();
    for (number, held) in STEPS.into_iter().enumerate() {
        federation.suspend('C');
        federation.suspend('E');
        let mut asked = federation.ask(&Question::how_many());
        asked.until("waiting for Linden (");
        federation.kill('B');
        federation.restart('B');
        federation.resume('C');
        federation.hold_second(&mut asked, held);
        power_cut(&mut federation, number % 2 == 1);
        federation.resume_all();
        let finished = balance.note(asked.answer());
        assert!(!finished.said("attempt 3: "), "{held:?}: {}", finished.talk.join("\n"));
        assert_eq!(finished.operators("counted"), 5, "{held:?}");
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_question_whose_coordinator_died_while_it_was_given_up_goes_on_to_the_second_committee() {
    let (mut federation, mut balance) = stand();
    for delete_index in [false, true] {
        federation.suspend('C');
        let mut asked = federation.ask(&Question::how_many());
        federation.hold(&mut asked, Held::Collecting);
        federation.suspend('C');
        federation.kill('B');
        federation.restart('B');
        asked.until("signs so; waiting for Linden (");
        power_cut(&mut federation, delete_index);
        federation.resume_all();
        let finished = balance.note(asked.answer());
        assert!(finished.said("attempt 2: "), "{}", finished.talk.join("\n"));
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn an_answer_outlives_its_coordinator_and_reaches_clinics_that_were_away() {
    let (mut federation, mut balance) = stand();
    for delete_index in [false, true] {
        let mut asked = federation.ask(&Question::how_many());
        asked.until("answered");
        // A clinic that has not acknowledged the ending hears it from the coordinator's next life.
        federation.suspend('D');
        power_cut(&mut federation, delete_index);
        let first = asked.answer();
        federation.resume('D');
        let again = federation.take_up(&first.query).answer();
        assert_eq!((again.release_id(), &again.answer), (first.release_id(), &first.answer));
        balance.note(first);
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_refusal_outlives_its_coordinator() {
    let (mut federation, mut balance) = stand();
    federation.kill('D');
    federation.kill('E');
    let first = balance.note(federation.ask(&Question::how_many()).finish()).clone();
    assert_eq!(first.exit, Some(4), "{}", first.talk.join("\n"));
    assert!(first.said("error[too-few-clinics]: 3 operators contributed of 5"), "{}", first.talk.join("\n"));
    power_cut(&mut federation, true);
    let again = federation.take_up(&first.query).finish();
    let why = |talk: &[String]| talk.iter().find(|line| line.starts_with("error")).cloned();
    assert_eq!((again.exit, why(&again.talk)), (first.exit, why(&first.talk)));
    federation.restart('D');
    federation.restart('E');
    answered_again(&federation, &mut balance);
}

#[test]
fn a_coordinator_may_die_right_after_any_step() {
    let (mut federation, mut balance) = stand();
    for step in 1.. {
        let mut asked = federation.ask(&Question::how_many().living(LIFE_S));
        let reached = asked.until_step(step);
        power_cut(&mut federation, step % 2 == 0);
        balance.note(asked.finish());
        balance.holds(&federation);
        if reached.is_none() {
            break;
        }
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_coordinator_may_die_at_any_moment_after_the_window_closed() {
    let (mut federation, mut balance) = stand();
    for (number, ms) in MOMENTS_MS.into_iter().enumerate() {
        let question = Question::how_many().living(LIFE_S);
        let asked = federation.ask_and_follow_past_the_window(&question, Duration::from_millis(ms));
        power_cut(&mut federation, number % 2 == 1);
        balance.note(asked.finish());
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

/// A federation in which everybody consents, and its books before the first question.
fn stand() -> (Federation, Balance) {
    let federation = Setup::default().start(env!("CARGO_BIN_EXE_sumac"));
    let balance = Balance::open(&federation, &Question::how_many());
    (federation, balance)
}

/// The coordinator dies, perhaps loses its index, and comes up again.
fn power_cut(federation: &mut Federation, delete_index: bool) {
    federation.kill('A');
    if delete_index {
        federation.delete_index('A');
    }
    federation.restart('A');
}

/// The end of each story: the next question is answered by all, and all books balance.
fn answered_again(federation: &Federation, balance: &mut Balance) {
    let finished = balance.note(federation.ask(&Question::how_many()).answer());
    assert_eq!(finished.operators("counted"), 5);
    balance.holds(federation);
}

/// The steps that a question can be held in.
const STEPS: [Held; 4] = [Held::Committing, Held::Collecting, Held::Freezing, Held::Verifying];
/// When, after the window closed.
const MOMENTS_MS: [u64; 7] = [0, 10, 20, 30, 40, 50, 60];
/// How long a question lives that may have to be waited out.
const LIFE_S: u32 = 8;
