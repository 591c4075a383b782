//! Whether attacks can be tried under whatever rules a charter may have, and find nothing under any.

use sumac_attack::{DULOXETINE, attacked, rules};
use sumac_node::attack::{Attack, Verdict};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::KETAMINE;
use sumac_protocol::document::charter::{Charter, Label};

/// Another charter than the fixture's.
struct Case {
    why: &'static str,
    change: fn(&mut Charter),
    attacks: &'static [Attack],
}

#[test]
fn attacks_are_tried_under_any_rules_and_learn_too_much_under_none() {
    let games = &[Attack::OneHot, Attack::Tracker, Attack::Membership];
    let cases = [
        Case {
            why: "the dictionary that ships, with courses drawn from published rates",
            change: |charter| KETAMINE.clone_into(&mut charter.dictionary),
            attacks: &[Attack::OneHot, Attack::Tracker, Attack::Suppressed],
        },
        Case {
            why: "prices so low that an attacker is hardly better than a coin",
            change: |charter| {
                charter.policy.rho_per_query_max = RhoMicro(5_000);
                charter.policy.rho_per_patient_year = RhoMicro(10_000);
            },
            attacks: &[Attack::OneHot, Attack::Averaging, Attack::Suppressed],
        },
        Case {
            why: "prices that protect nobody: what they allow is allowed",
            change: |charter| {
                charter.policy.rho_per_query_max = RhoMicro(400_000_000);
                charter.policy.rho_per_patient_year = RhoMicro(1_000_000_000);
            },
            attacks: &[Attack::OneHot, Attack::Averaging, Attack::Membership],
        },
        Case {
            why: "test data, where a group of one may be shown",
            change: |charter| {
                charter.label = Some(Label::TestData);
                charter.policy.cohort_min = 1;
            },
            attacks: &[Attack::OneHot, Attack::Suppressed],
        },
        Case {
            why: "one committee of two, and nobody to go on to",
            change: |charter| {
                charter.committees.truncate(1);
                charter.committees.iter_mut().for_each(|committee| committee.truncate(2));
            },
            attacks: &[Attack::LostAttempts, Attack::Grinding, Attack::Rows],
        },
        Case {
            why: "a round of days, and one question a day",
            change: |charter| {
                charter.policy.query_lifetime_max_ms = 30 * 86_400_000;
                charter.policy.window_ms = 86_400_000;
                charter.policy.upload_jitter_ms = 43_200_000;
                charter.policy.step_timeout_ms = 3_600_000;
                charter.policy.queries_per_study_day = 1;
            },
            attacks: &[Attack::LostAttempts, Attack::Intersection],
        },
        Case { why: "a dictionary that has nothing to group by", change: one_instrument, attacks: games },
    ];
    for Case { why, change, attacks } in cases {
        let mut rules = rules(DULOXETINE);
        change(&mut rules);
        for attack in attacks {
            let finding = attacked(&rules, *attack);
            assert_eq!(finding.verdict, Verdict::Held, "{why}: {finding:?}");
        }
    }
}

#[test]
fn an_attack_that_has_nothing_to_be_tried_on_says_so() {
    let mut rules = rules(DULOXETINE);
    one_instrument(&mut rules);
    assert_eq!(attacked(&rules, Attack::Suppressed).verdict, Verdict::NotTried);
}

fn one_instrument(charter: &mut Charter) {
    let text = "name = \"plain\"\nversion = 1\n\n[[instrument]]\nid = \"SCORE\"\nversion = \"1\"\ncategory = \"outcomes\"\n\
                min = 0\nmax = 40\nbetter = \"lower\"\nsource = \"made up for a test\"\nlicence = \"none needed\"\n";
    text.clone_into(&mut charter.dictionary);
}
