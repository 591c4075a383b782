//! One node dies at a chosen moment.

use sumac_federation::audit::Fate;
use sumac_federation::cast::{HARBOUR, LINDEN, MILL, QUAY, RIDGE};
use sumac_federation::node::Death;
use sumac_federation::researcher::{Ended, Question};
use sumac_federation::{Federation, federation};
use sumac_protocol::moment::Millis;
use sumac_protocol::round::Outcome;
use sumac_protocol::round::progress::{Progress, Step};

use crate::{QUESTION, RHO, submit};

fn taped(seed: u64) -> Federation {
    let mut federation = federation().seed(seed).build();
    federation.wire.tape = Some(Vec::new());
    federation
}

/// Time for a query to end in any way, and for every clinic to hear of it.
fn let_it_end(federation: &mut Federation) {
    federation.advance(Millis(70_000));
}

#[test]
fn a_clinic_that_dies_in_the_window_is_left_out_and_its_patients_pay_nothing() {
    let mut federation = taped(7);
    let question = federation.compose(QUESTION, RHO);
    submit(&mut federation, &question);
    assert!(federation.nodes[QUAY].books.charge(question.id()).is_some(), "it was debited before anything left");
    federation.crash(QUAY);
    let answer = federation.wait(&question).released().answer;
    assert_eq!((answer.operators.asked, answer.operators.counted), (5, 4));
    federation.restart(QUAY);
    federation.advance(Millis(6_000));
    assert_eq!(federation.nodes[QUAY].books.charge(question.id()).unwrap().ended, Some(Outcome::NotCounted));
    federation.audit(&[question]).unwrap();
}

#[test]
fn too_few_clinics_get_no_answer_and_the_debits_are_given_back() {
    let mut federation = taped(7);
    let question = federation.compose(QUESTION, RHO);
    submit(&mut federation, &question);
    federation.crash(QUAY);
    federation.crash(MILL);
    let refused = federation.wait(&question).refused();
    assert_eq!(refused.code, "too-few-clinics");
    assert!(refused.says.contains("3 operators contributed of 5 clinics asked"), "{}", refused.says);
    [QUAY, MILL].into_iter().for_each(|clinic| federation.restart(clinic));
    federation.advance(Millis(6_000));
    assert_eq!(federation.fate(question.id()), Ok(Fate::Void));
    federation.audit(&[question]).unwrap();
}

#[test]
fn a_committee_that_never_forms_costs_seconds_and_the_second_one_answers() {
    let mut federation = taped(7);
    federation.crash(RIDGE);
    let question = federation.compose(QUESTION, RHO);
    submit(&mut federation, &question);
    let began = federation.now;
    let answer = federation.wait(&question).released().answer;
    assert_eq!(answer.operators.counted, 4);
    assert!(federation.now.since(began) < Millis(10_000));
    assert_eq!(federation.follow(&question).unwrap().attempt, 2);
    federation.restart(RIDGE);
    federation.advance(Millis(6_000));
    federation.audit(&[question]).unwrap();
}

#[test]
fn when_no_committee_forms_the_query_ends_and_nobody_was_ever_asked() {
    let mut federation = taped(7);
    [RIDGE, MILL].into_iter().for_each(|clinic| federation.crash(clinic));
    let question = federation.compose(QUESTION, RHO);
    submit(&mut federation, &question);
    let refused = federation.wait(&question).refused();
    assert_eq!(
        (refused.code.as_str(), refused.remedy.as_str()),
        ("member-silent", "ask again when its operator has it running")
    );
    assert!(refused.says.starts_with("Mill did not answer"), "{}", refused.says);
    assert!(federation.nodes.iter().all(|node| node.books.charges().is_empty()));
}

/// How many forms Ridge has kept with the noised share; the sealed share is the next.
const NOISED: u64 = 13;

/// Kills Ridge right after it has kept so many forms: its commitment, its own upload, the frozen
/// batch, what it saw of each of the five clinics, the noised share, the sealed share.
fn kill_ridge_after(keeps: u64) -> (Federation, Question) {
    let mut federation = taped(7);
    federation.nodes[RIDGE].dies = Some(Death::AfterKeeps(keeps));
    let question = federation.compose(QUESTION, RHO);
    submit(&mut federation, &question);
    while federation.nodes[RIDGE].is_up() {
        federation.beat();
    }
    (federation, question)
}

#[test]
fn a_member_that_restarts_before_it_noised_voids_and_the_second_committee_answers() {
    for keeps in 1..NOISED {
        let (mut federation, question) = kill_ridge_after(keeps);
        federation.advance(Millis(300));
        federation.restart(RIDGE);
        let answer = federation.wait(&question).released().answer;
        assert_eq!(answer.operators.counted, 5, "after {keeps}");
        assert_eq!(federation.follow(&question).unwrap().attempt, 2, "after {keeps}");
        federation.advance(Millis(6_000));
        federation.audit(&[question]).unwrap_or_else(|why| panic!("after {keeps}: {why}"));
    }
}

#[test]
fn a_member_that_restarts_after_it_noised_finishes_what_it_began() {
    for keeps in NOISED..=NOISED + 1 {
        let (mut federation, question) = kill_ridge_after(keeps);
        federation.advance(Millis(8_000));
        federation.restart(RIDGE);
        federation.wait(&question).released();
        assert_eq!(federation.follow(&question).unwrap().attempt, 1, "after {keeps}");
        federation.advance(Millis(6_000));
        federation.audit(&[question]).unwrap_or_else(|why| panic!("after {keeps}: {why}"));
    }
}

/// What the researcher is told ten seconds after a member died for good.
fn ten_seconds_later(federation: &mut Federation, question: &Question) -> Progress {
    federation.advance(Millis(10_000));
    federation.follow(question).unwrap()
}

#[test]
fn a_member_that_is_gone_for_good_is_named_with_the_moment_until_which_it_is_awaited() {
    let opening = [(NOISED, Step::Opening), (NOISED + 1, Step::Opening)];
    let steps = [[(2, Step::Voiding), (NOISED - 1, Step::Voiding)], opening].concat();
    for (keeps, step) in steps {
        let (mut federation, question) = kill_ridge_after(keeps);
        let progress = ten_seconds_later(&mut federation, &question);
        assert_eq!(progress.step, step, "after {keeps}");
        assert_eq!(progress.awaited, [federation.nodes[RIDGE].key()], "after {keeps}");
        assert_eq!(progress.until, progress.expires, "after {keeps}");
        let refused = federation.wait(&question).refused();
        assert_eq!((refused.code.as_str(), federation.now >= progress.expires), ("expired", true), "after {keeps}");
        assert!(refused.says.contains("waiting for Ridge"), "{}", refused.says);
        assert_eq!(federation.fate(question.id()), Ok(Fate::Unknown), "after {keeps}");
        let open = |node: &sumac_federation::node::Node| node.books.charge(question.id()).unwrap().stands();
        assert!(federation.nodes.iter().all(open), "nobody knows what came of it, so the debits stand");
    }
}

#[test]
fn a_void_note_that_comes_after_the_query_expired_still_gives_the_debits_back() {
    let (mut federation, question) = kill_ridge_after(NOISED - 1);
    federation.wait(&question).refused();
    federation.restart(RIDGE);
    federation.advance(Millis(6_000));
    assert_eq!(federation.fate(question.id()), Ok(Fate::Void));
    federation.audit(&[question]).unwrap();
}

#[test]
fn a_hub_that_is_away_until_the_query_has_expired_still_learns_that_it_is_void() {
    let mut federation = taped(7);
    let question = federation.compose(QUESTION, RHO);
    federation.submit(&question);
    federation.crash(HARBOUR);
    federation.advance(Millis(70_000));
    federation.restart(HARBOUR);
    federation.advance(Millis(10_000));
    assert_eq!(federation.fate(question.id()), Ok(Fate::Void), "nobody had to restart");
    federation.audit(&[question]).unwrap();
}

#[test]
fn no_void_note_is_ever_signed_for_a_share_that_was_kept_however_late_somebody_asks() {
    use sumac_protocol::round::message::Message;
    let (mut federation, question) = kill_ridge_after(NOISED);
    federation.wait(&question).refused();
    federation.restart(RIDGE);
    let_it_end(&mut federation);
    let hub = federation.nodes[HARBOUR].key();
    for member in [HARBOUR, RIDGE, LINDEN] {
        federation.restart(member);
        federation.tell(member, hub, question.ask_void(1));
    }
    let tape = federation.wire.tape.as_ref().unwrap();
    assert!(!tape.iter().any(|packet| matches!(packet.message, Message::Void(_))));
    federation.audit(&[question]).unwrap();
}

/// Runs one query with `who` dying after so many kept forms (0: not at all), back half a second later.
fn with_a_death(who: usize, keeps: u64) -> (Federation, Question, Ended) {
    let mut federation = taped(7);
    if keeps > 0 {
        federation.nodes[who].dies = Some(Death::AfterKeeps(keeps));
    }
    let question = federation.compose(QUESTION, RHO);
    if federation.submit(&question).is_none() {
        federation.advance(Millis(500));
        federation.restart(who);
        submit(&mut federation, &question);
    }
    for _ in 0..200 {
        federation.beat();
        if !federation.nodes[who].is_up() {
            federation.advance(Millis(500));
            federation.restart(who);
        }
    }
    let ended = federation.wait(&question);
    let_it_end(&mut federation);
    (federation, question, ended)
}

/// How many forms a node keeps over one query, and its ending, if nothing happens.
fn keeps_of(who: usize) -> u64 {
    with_a_death(who, 0).0.nodes[who].keeps
}

#[test]
fn the_coordinator_resumes_or_voids_wherever_it_dies() {
    let (most, mut answered) = (keeps_of(HARBOUR), 0);
    assert!(most > 15, "{most} forms kept");
    for keeps in 1..=most {
        let (federation, question, ended) = with_a_death(HARBOUR, keeps);
        match ended {
            Ended::Released(_) => answered += 1,
            Ended::Refused(why) => assert_eq!(federation.fate(question.id()), Ok(Fate::Void), "after {keeps}: {why:?}"),
        }
        federation.audit(&[question]).unwrap_or_else(|why| panic!("after {keeps}: {why}"));
    }
    assert_eq!(answered, most, "with all nodes back in time there is always an answer");
}

#[test]
fn every_other_node_may_die_after_anything_it_keeps_and_the_query_is_still_answered() {
    for who in [RIDGE, LINDEN, MILL, QUAY] {
        for keeps in 1..=keeps_of(who) {
            let (federation, question, ended) = with_a_death(who, keeps);
            ended.released();
            federation.audit(&[question]).unwrap_or_else(|why| panic!("{who} after {keeps}: {why}"));
        }
    }
}
