//! Whether the attacks find leaks: with no bug there is none, and each planted bug is reported by the attacks that it opens
//! the door to.

use sumac_attack::{DULOXETINE, attacked, rules};
use sumac_node::attack::{Attack, Verdict};
use sumac_protocol::planted::{Bug, plant};

/// Which attacks each bug must be reported by. What noise is to stop, all of `NoNoise`; the rest a rule each.
const REPORTED: [(Bug, &[Attack]); 8] = [
    (
        Bug::NoNoise,
        &[
            Attack::OneHot,
            Attack::Rows,
            Attack::Averaging,
            Attack::LostAttempts,
            Attack::Tracker,
            Attack::Intersection,
            Attack::Suppressed,
            Attack::Membership,
        ],
    ),
    (Bug::IgnoresCaps, &[Attack::Averaging]),
    (Bug::VoidsWhatIsNoised, &[Attack::LostAttempts]),
    (Bug::TakesAnyCommittee, &[Attack::Grinding]),
    (Bug::IgnoresWithdrawals, &[Attack::Intersection]),
    (Bug::SendsSuppressedCells, &[Attack::Suppressed]),
    (Bug::OpensOldJournals, &[Attack::Rollback]),
    (Bug::TrustsItsFolder, &[Attack::WholeRollback]),
];

#[test]
fn every_planted_bug_is_reported_by_the_attacks_that_it_opens_the_door_to() {
    let rules = rules(DULOXETINE);
    let mut missed = Vec::new();
    for (bug, attacks) in REPORTED {
        for attack in attacks {
            plant(Some(bug));
            let finding = attacked(&rules, *attack);
            plant(None);
            println!("{bug:?}, {}: {}", attack.name(), finding.learned);
            if finding.verdict != Verdict::Leak {
                missed.push(format!("{bug:?}: {finding:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn without_a_bug_no_attack_learns_more_than_is_allowed() {
    let rules = rules(DULOXETINE);
    let found: Vec<_> = Attack::ALL.into_iter().map(|attack| attacked(&rules, attack)).collect();
    let leaks: Vec<_> = found.iter().filter(|finding| finding.verdict == Verdict::Leak).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(found.iter().all(|finding| finding.verdict != Verdict::NotTried), "{found:#?}");
}

#[test]
fn every_attack_is_seen_to_report_a_leak() {
    let seen = |attack: &Attack| REPORTED.iter().any(|(_, attacks)| attacks.contains(attack));
    let unseen: Vec<Attack> = Attack::ALL.into_iter().filter(|attack| !seen(attack)).collect();
    assert_eq!(unseen, []);
    assert!(Bug::ATTACKED.iter().all(|bug| REPORTED.iter().any(|(planted, _)| planted == bug)));
}
