//! Nodes that die in the middle of a question (`kill -9`): the question is answered without them, or
//! by another committee, or ends and says for whom it waited. Whatever happens, every patient is
//! charged exactly once for each question that is not void, and nothing acknowledged is lost.

use std::time::{Duration, Instant};

use sumac_tests::processes::{Balance, Federation, Held, Question, Setup};

#[test]
fn an_answer_comes_without_a_clinic_that_died_and_says_so() {
    let (mut federation, mut balance) = stand();
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay");
    federation.kill('E');
    let finished = balance.note(asked.answer()).clone();
    assert_eq!((finished.operators("counted"), finished.operators("asked")), (4, 5));
    let charter = federation.dir().join("charter.json");
    let verified =
        federation.sumac(["verify".as_ref(), finished.release.as_os_str(), "--charter".as_ref(), charter.as_os_str()]);
    assert!(verified.text().contains("4 of 5 operators"), "{}", verified.text());
    federation.delete_index('E');
    federation.restart('E');
    answered_again(&federation, &mut balance);
}

#[test]
fn the_second_committee_answers_when_a_member_restarts_before_it_has_noised() {
    let (mut federation, mut balance) = stand();
    for (round, held) in [Held::Committing, Held::Collecting, Held::Freezing, Held::Verifying].into_iter().enumerate() {
        federation.suspend('C');
        let mut asked = federation.ask(&Question::how_many());
        federation.hold(&mut asked, held);
        federation.kill('B');
        if round % 2 == 1 {
            federation.delete_index('B');
        }
        federation.restart('B');
        federation.resume_all();
        let finished = balance.note(asked.answer());
        assert!(finished.said("attempt 2: "), "{held:?}: {}", finished.talk.join("\n"));
        assert_eq!(finished.operators("counted"), 5, "{held:?}");
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_question_that_waits_for_a_dead_member_says_so_and_ends_with_its_life() {
    let (mut federation, mut balance) = stand();
    let began = Instant::now();
    federation.suspend('C');
    let mut asked = federation.ask(&Question::how_many().living(20));
    federation.hold(&mut asked, Held::Collecting);
    federation.kill('B');
    let killed = Instant::now();
    federation.resume_all();
    let waiting = asked.until("waiting for Ridge (at most ");
    // One step timeout of 2 s, and as much again for a busy machine.
    assert!(killed.elapsed() < Duration::from_secs(4), "said after {:?}: {waiting}", killed.elapsed());
    let finished = balance.note(asked.finish()).clone();
    let (lived, life) = (began.elapsed(), Duration::from_secs(20));
    assert_eq!(finished.exit, Some(4), "{}", finished.talk.join("\n"));
    assert!(finished.said("signs so; waiting for Ridge (at most "), "{}", finished.talk.join("\n"));
    assert!(finished.said("the query expired waiting for Ridge"), "{}", finished.talk.join("\n"));
    assert!(lived >= life && lived < life + Duration::from_secs(4), "it ended after {lived:?}");
    for clinic in ['A', 'C', 'D', 'E'] {
        let line = federation.cohort(clinic, &finished.query).expect("it was selected for");
        assert!(line.state.stands(), "without the dead member's word the debit stands: {line:?}");
    }
    // The member comes back after all and signs that it gave nothing: every debit goes back.
    federation.restart('B');
    for clinic in Federation::letters() {
        federation.until_cohort(clinic, &finished.query, |line| !line.state.stands());
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_member_may_die_right_after_any_step() {
    let (mut federation, mut balance) = stand();
    for member in ['B', 'C'] {
        for step in 1.. {
            let mut asked = federation.ask(&Question::how_many().living(LIFE_S));
            let reached = asked.until_step(step);
            federation.kill(member);
            if step % 2 == 0 {
                federation.delete_index(member);
            }
            federation.restart(member);
            balance.note(asked.finish());
            balance.holds(&federation);
            if reached.is_none() {
                break;
            }
        }
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_member_may_die_at_any_moment_after_the_window_closed() {
    let (mut federation, mut balance) = stand();
    for (number, ms) in [0, 10, 20, 30, 40, 50, 60].into_iter().enumerate() {
        let member = if number % 2 == 0 { 'C' } else { 'B' };
        let question = Question::how_many().living(LIFE_S);
        let asked = federation.ask_and_follow_past_the_window(&question, Duration::from_millis(ms));
        federation.kill(member);
        if number % 3 == 0 {
            federation.delete_index(member);
        }
        federation.restart(member);
        balance.note(asked.finish());
        balance.holds(&federation);
    }
    answered_again(&federation, &mut balance);
}

#[test]
fn a_question_outlives_the_program_that_asked_it() {
    let (mut federation, mut balance) = stand();
    federation.suspend('E');
    let mut asked = federation.ask(&Question::how_many());
    asked.until("(4 of 5); waiting for Quay (");
    let query = asked.kill();
    federation.resume('E');
    let finished = balance.note(federation.take_up(&query).answer());
    assert_eq!(finished.query, query);
    balance.holds(&federation);
    answered_again(&federation, &mut balance);
}

/// A federation in which everybody consents, and its books before the first question.
fn stand() -> (Federation, Balance) {
    let federation = Setup::default().start(env!("CARGO_BIN_EXE_sumac"));
    let balance = Balance::open(&federation, &Question::how_many());
    (federation, balance)
}

/// The end of each story: the next question is answered by all, and all books balance.
fn answered_again(federation: &Federation, balance: &mut Balance) {
    let finished = balance.note(federation.ask(&Question::how_many()).answer());
    assert_eq!(finished.operators("counted"), 5);
    balance.holds(federation);
}

/// How long a question lives that may have to be waited out.
const LIFE_S: u32 = 8;
