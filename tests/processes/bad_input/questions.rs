//! Questions that cannot be asked, or not by these means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sumac_node::asker::{AskError, Asker};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::document::query::Query;
use sumac_protocol::document::study::{PlannedQuery, Study, admit_study};
use sumac_protocol::envelope::{Document, Envelope};
use sumac_protocol::moment::Moment;
use sumac_protocol::octets::Octets;
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Signer;
use sumac_tests::processes::{Federation, Setup};
use zeroize::Zeroizing;

use crate::{SUMAC, all_files, assert_refused, flat, sumac, sumac_at, text};

const QUESTION: &str = "SELECT count(*) AS courses FROM courses";

fn arguments<'a>(charter: &'a Path, study: &'a Path, key: &'a Path, question: &'a str) -> Vec<&'a str> {
    vec!["ask", question, "--charter", text(charter), "--study", text(study), "--key", text(key), "--rho", "0.02"]
}

fn seed(file: &Path) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(std::fs::read(file).unwrap().try_into().unwrap())
}

fn signed<T: Document>(document: &T, keys: &[PathBuf]) -> Envelope {
    let mut envelope = Envelope::draft(document).unwrap();
    keys.iter().for_each(|key| envelope.cosign(&Signer::from_seed(&seed(key))));
    envelope
}

/// A federation whose second charter lists two studies: the demo's, and one that is over.
struct Files {
    dir: PathBuf,
    charter: PathBuf,
    study: PathBuf,
    past: PathBuf,
    key: PathBuf,
    stranger: PathBuf,
}

fn with_a_past_study(federation: &Federation) -> Files {
    let dir = federation.dir().to_owned();
    let stewards = ["ethics", "operator"].map(|name| dir.join(format!("keys/steward-{name}.key")));
    let mut chain = CharterChain::from_json(&std::fs::read_to_string(dir.join("charter.json")).unwrap()).unwrap();
    let study = Envelope::from_json(&std::fs::read(dir.join("study.json")).unwrap()).unwrap();
    let study: Study = (*admit_study(&study, &chain).unwrap()).clone();
    let (from, until) = (Moment(1_000_000_000_000), Moment(1_600_000_000_000));
    let past = Study { id: "past".into(), valid_from: from, valid_until: until, ..study };
    let past = signed(&past, &stewards);
    let now: &Charter = chain.current();
    let studies = [now.studies.clone(), vec![past.digest()]].concat();
    let next = Charter { epoch: now.epoch + 1, previous: Some(chain.current().digest()), studies, ..now.clone() };
    chain.extend(&signed(&next, &stewards)).unwrap();
    let (charter, past_file) = (dir.join("charter.json"), dir.join("past.json"));
    std::fs::write(&charter, chain.to_json()).unwrap();
    std::fs::write(&past_file, past.to_json()).unwrap();
    for letter in Federation::letters() {
        let home = federation.home(letter);
        let adopt = ["node", "adopt", "--dir", text(&home), "--charter", text(&charter), "--study", text(&past_file)];
        let adopted = sumac(&adopt);
        assert_eq!(adopted.exit, Some(0), "{}", adopted.text());
    }
    let (key, stranger) = (dir.join("keys/researcher.key"), dir.join("keys/steward-ethics.key"));
    Files { charter, study: dir.join("study.json"), past: past_file, key, stranger, dir }
}

#[test]
fn a_question_that_cannot_be_asked_is_refused_before_anybody_hears_of_it() {
    // The nodes are down: whatever is refused here is refused on this machine.
    let federation = Setup::default().build(SUMAC);
    let files = with_a_past_study(&federation);
    let home = files.dir.join("researcher");
    let Files { charter, study, past, key, stranger, .. } = &files;
    let forged = files.dir.join("forged.json");
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(study).unwrap()).unwrap();
    document["signatures"].as_array_mut().unwrap().truncate(1);
    std::fs::write(&forged, document.to_string()).unwrap();
    let unwritable = crate::nowhere();
    let taken = std::fs::read(past).unwrap();
    let cases: [(Vec<&str>, i32, &str, &str); 11] = [
        (arguments(charter, past, key, QUESTION), 1, "query-study-over", "a study past its end"),
        (arguments(charter, study, stranger, QUESTION), 1, "query-not-a-researcher", "a key outside the study"),
        (arguments(charter, &forged, key, QUESTION), 1, "too-few-signatures", "a study of one steward"),
        (arguments(charter, charter, key, QUESTION), 1, "no-envelope", "a charter for a study"),
        (arguments(study, study, key, QUESTION), 1, "no-chain", "a study for a charter"),
        (arguments(charter, study, charter, QUESTION), 2, "usage", "a charter for a key"),
        ([arguments(charter, study, key, QUESTION), vec!["--hub", "Linden"]].concat(), 2, "usage", "no hub"),
        (
            [arguments(charter, study, key, QUESTION), vec!["--lifetime", "61"]].concat(),
            1,
            "query-lives-too-long",
            "61 s",
        ),
        ([arguments(charter, study, key, QUESTION), vec!["--out", text(&unwritable)]].concat(), 1, "file", "no place"),
        ([arguments(charter, study, key, QUESTION), vec!["--out", text(past)]].concat(), 1, "file", "over a file"),
        ([arguments(charter, study, key, QUESTION), vec!["--out", text(&files.dir)]].concat(), 1, "file", "a folder"),
    ];
    for (arguments, exit, code, why) in cases {
        assert_refused(&sumac_at(&home, &arguments), exit, code, why);
    }
    for (rho, why) in [
        ("0", "free"),
        ("1e-7", "less than there is"),
        ("-1", "a negative price"),
        ("nan", "no number"),
        ("1e9", "beyond all sense"),
    ] {
        let ended = sumac_at(&home, &[&arguments(charter, study, key, QUESTION)[..8], &["--rho", rho]].concat());
        assert_refused(&ended, 2, "usage", why);
    }
    let dear = sumac_at(&home, &[&arguments(charter, study, key, QUESTION)[..8], &["--rho", "2"]].concat());
    assert_refused(&dear, 1, "query-too-dear", "more than the charter lets one question cost");
    assert!(flat(&dear).contains("to do: ask with --rho 1.1 or less"), "{}", dear.text());
    let dear = sumac_at(&home, &[&arguments(charter, study, key, QUESTION)[..8], &["--epsilon", "20"]].concat());
    assert_refused(&dear, 1, "query-too-dear", "the same, said as ε");
    assert!(flat(&dear).contains("ε 20") && flat(&dear).contains("to do: ask with --epsilon 8."), "{}", dear.text());
    let without = sumac_at(&home, &arguments(charter, study, key, QUESTION)[..8]);
    assert_refused(&without, 2, "usage", "no price");
    let resumed = ["ask", "--resume", "0123", "--charter", text(charter), "--key", text(key)];
    assert_refused(&sumac_at(&home, &resumed), 1, "no-pending", "a query that nobody asked");
    assert_eq!(std::fs::read(past).unwrap(), taken, "what was there is there");
    assert!(!home.exists() || all_files(&home).is_empty(), "nothing of it was kept");
}

#[test]
fn a_typo_is_pointed_at_with_a_guess() {
    let federation = Setup::default().build(SUMAC);
    let (charter, home) = (federation.dir().join("charter.json"), federation.researcher());
    let cases = [
        ("SELECT meen(score(hamd17, day => 42, from => 32, to => 72)) FROM courses", "meen", "`mean`"),
        ("SELECT count(*) FROM patients", "patients", "FROM courses"),
        ("SELECT count(*) FROM courses WHERE arm = 'drugg'", "'drugg'", "'drug'"),
        ("SELECT count(*) FROM courses GROUP BY sexx", "sexx", "`sex`"),
        ("SELECT mean(score(hamd71, day => 42, from => 32, to => 72)) FROM courses", "hamd71", "`HAMD17`"),
        ("SELECT count(*) FROM courses GROUP BY course_id", "course_id", ""),
        ("SELECT count(*) FROM courses GROUP BY zodiac", "zodiac", "its fields are arm, sex"),
    ];
    for (question, at, guess) in cases {
        for command in ["explain", "ask"] {
            let mut line = vec![command, question, "--charter", text(&charter), "--rho", "0.1"];
            let (study, key) = (federation.dir().join("study.json"), federation.dir().join("keys/researcher.key"));
            if command == "ask" {
                line.extend(["--study", text(&study), "--key", text(&key)]);
            }
            let ended = sumac_at(&home, &line);
            assert_eq!((ended.exit, ended.out.len()), (Some(1), 0), "{question}: {}", ended.text());
            let marked = ended.talk.iter().position(|line| line.contains('^')).expect("a caret");
            let (above, carets) = (&ended.talk[marked - 1], &ended.talk[marked]);
            let (start, end) = (carets.find('^').unwrap(), carets.len());
            assert_eq!(above.get(start..end), Some(at), "{question}: {}", ended.text());
            assert!(flat(&ended).contains(guess), "{question}: {}", ended.text());
            assert!(ended.talk.iter().all(|line| line.chars().count() <= 80), "{}", ended.text());
            assert_eq!(ended.text().matches("error[").count(), 1, "said once: {}", ended.text());
        }
    }
}

#[test]
fn an_explanation_warns_of_what_would_come_to_nothing() {
    let federation = Setup::default().build(SUMAC);
    let (charter, study) = (federation.dir().join("charter.json"), federation.dir().join("study.json"));
    let question = "SELECT count(*) FROM courses GROUP BY arm";
    let cases: [(&[&str], &[&str], &str); 4] = [
        (&["--rho", "1", "--cohort", "500"], &[], "nothing to warn of"),
        (&["--rho", "1.2", "--cohort", "500"], &["[query-too-dear]", "--rho 1.1 or less"], "dearer than the charter"),
        (&["--epsilon", "1", "--cohort", "20,12"], &["[groups-too-small]", "of 20 patients some 10 fall"], "too few"),
        (&["--epsilon", "20", "--cohort", "8"], &["--epsilon 8.", "of 8 patients", "widen WHERE"], "both"),
    ];
    for (more, says, why) in cases {
        for within in [&[][..], &["--study", text(&study)], &["--format", "json"]] {
            let ended = sumac(&[&["explain", question, "--charter", text(&charter)], more, within].concat());
            assert_eq!((ended.exit, ended.out.is_empty()), (Some(0), false), "{why}: {}", ended.text());
            let talk = flat(&ended);
            assert_eq!(talk.is_empty(), says.is_empty(), "{why}: {talk}");
            assert!(says.iter().all(|says| talk.contains(says)), "{why}: {talk}");
            assert_eq!(talk.matches("warning[").count(), talk.matches("to do: ").count(), "{why}: {talk}");
        }
    }
}

#[test]
fn an_exact_study_has_its_own_questions_and_no_price() {
    let federation = Setup::default().exact().build(SUMAC);
    let (charter, study) = (federation.dir().join("charter.json"), federation.dir().join("study.json"));
    let within = ["--charter", text(&charter), "--study", text(&study), "--cohort", "5000"];
    let planned = sumac_tests::processes::Question::trial().text;
    let cases: [(&str, &[&str], Option<&str>); 3] = [
        (planned.as_str(), &[], None),
        (planned.as_str(), &["--epsilon", "1"], Some("warning[price-ignored]")),
        (QUESTION, &[], Some("warning[query-not-planned]")),
    ];
    for (question, more, warns) in cases {
        let ended = sumac(&[&["explain", question], &within[..], more].concat());
        assert_eq!((ended.exit, flat(&ended).is_empty()), (Some(0), warns.is_none()), "{}", ended.text());
        assert!(warns.is_none_or(|warns| flat(&ended).starts_with(warns)), "{}", ended.text());
        assert!(ended.out.iter().all(|row| row.chars().count() <= 80), "{}", ended.text());
    }
    let shown = sumac(&["study", "show", text(&study), "--charter", text(&charter)]);
    let joined = shown.out.join("\n").replace("\\\n", "");
    assert!(joined.contains(&format!("\"{planned}\"")), "letter for letter, as a shell joins it: {}", shown.text());
    assert!(shown.out.iter().all(|row| row.chars().count() <= 80), "{}", shown.text());
    let shown = sumac(&["study", "show", text(&study), "--charter", text(&charter), "--format", "json"]);
    assert_eq!(shown.json::<Study>().plans[0].query, planned);
}

#[test]
fn an_exact_study_whose_answers_could_be_taken_from_each_other_is_not_signed() {
    let federation = Setup::default().build(SUMAC);
    let (charter, study) = (federation.dir().join("charter.json"), federation.dir().join("study.json"));
    let [from, draft, key] = ["from.json", "draft.json", "nobody.key"].map(|name| federation.dir().join(name));
    let [charter, study, from, draft, key] = [&charter, &study, &from, &draft, &key].map(|path| text(path));
    let shown = sumac(&["study", "show", study, "--charter", charter, "--format", "json"]);
    let noised = shown.json::<Study>();
    let (by_arm, everybody) = ("SELECT count(*) FROM courses GROUP BY arm", "SELECT count(*) FROM courses");
    let cases: [(&[&str], &[&str], &str); 4] = [
        (&[by_arm, everybody], &["--charter", charter], "planned-queries-overlap"),
        (&[by_arm, "SELECT count(*) FROM patients"], &["--charter", charter], "no-such-table"),
        (&[by_arm], &[], "charter-missing"),
        // The plan holds; there is no such key.
        (&[by_arm], &["--charter", charter], "file"),
    ];
    for (queries, more, code) in cases {
        let plans = queries.iter().map(|query| PlannedQuery { query: (*query).to_owned(), times: 1 }).collect();
        let (rho_total, rho_year) = (RhoMicro(0), RhoMicro(0));
        let exact = Study { mode: Mode::Exact, plans, rho_total, rho_year, ..noised.clone() };
        std::fs::write(from, serde_json::to_string(&exact).unwrap()).unwrap();
        assert_eq!(sumac(&["study", "new", "--from", from, "--out", draft]).exit, Some(0));
        let ended = sumac(&[&["study", "sign", draft, "--yes", "--key", key], more].concat());
        assert_refused(&ended, 1, code, code);
    }
}

#[test]
fn an_answer_that_shows_nothing_says_what_it_cost_and_what_to_do() {
    // Nobody consents, and the noise is far below the smallest group.
    let federation = Setup::default().refusing(100).start(SUMAC);
    let dir = federation.dir();
    let (charter, study, key) = (dir.join("charter.json"), dir.join("study.json"), dir.join("keys/researcher.key"));
    let out = dir.join("asked.json");
    let asked = &arguments(&charter, &study, &key, QUESTION)[..8];
    let ended = sumac_at(&federation.researcher(), &[asked, &["--rho", "1", "--out", text(&out)]].concat());
    assert_eq!((ended.exit, ended.out.is_empty()), (Some(4), false), "{}", ended.text());
    let talk = flat(&ended);
    for says in ["every group was held back", "is paid for", "charged ρ 1", "to do: widen WHERE"] {
        assert!(talk.contains(says), "`{says}`: {talk}");
    }
    assert!(ended.talk.iter().all(|line| line.chars().count() <= 80 || line.contains('/')), "{talk}");
}

#[test]
fn a_hub_that_is_down_is_told_from_a_refusal() {
    let federation = Setup::default().build(SUMAC);
    let dir = federation.dir();
    let (charter, study, key) = (dir.join("charter.json"), dir.join("study.json"), dir.join("keys/researcher.key"));
    let ended = sumac_at(&federation.researcher(), &arguments(&charter, &study, &key, QUESTION));
    assert_refused(&ended, 3, "hub-unreachable", "nobody listens");
    assert!(flat(&ended).contains("Harbour"), "it says which hub: {}", ended.text());
    assert!(flat(&ended).contains("`--hub Ridge`"), "and which other one there is: {}", ended.text());
}

#[test]
fn a_hub_refuses_what_an_altered_program_would_submit() {
    let mut federation = Setup::default().build(SUMAC);
    let files = with_a_past_study(&federation);
    federation.start_all();
    let chain = CharterChain::from_json(&std::fs::read_to_string(&files.charter).unwrap()).unwrap();
    let envelope = |path: &Path| Envelope::from_json(&std::fs::read(path).unwrap()).unwrap();
    let (study, past) = (envelope(&files.study), envelope(&files.past));
    let hub = chain.current().hubs().next().unwrap().clone();
    // A query that the program itself asked, to be changed in one thing at a time.
    let home = federation.researcher();
    let out = files.dir.join("asked.json");
    let asked = arguments(&files.charter, &files.study, &files.key, QUESTION);
    let asked = sumac_at(&home, &[asked, vec!["--out", text(&out)]].concat());
    assert!(asked.exit.is_some_and(|code| code == 0 || code == 4), "{}", asked.text());
    let kept = std::fs::read_dir(home.join("pending")).unwrap().next().unwrap().unwrap().path();
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    let right: Envelope = serde_json::from_value(kept["query"].clone()).unwrap();
    let researcher = Signer::from_seed(&seed(&files.key));
    let right: Query = (*right.claim::<Query>().unwrap().verify(&researcher.principal()).unwrap()).clone();
    let fresh = |n: u8| Query { nonce: Octets(vec![n; 16]), ..right.clone() };
    let stranger = Signer::from_seed(&seed(&files.stranger));
    let sign = |query: &Query, by: &Signer| Envelope::sign(query, by).unwrap();
    let cases = [
        (sign(&fresh(1), &stranger), &study, "query-not-a-researcher", "signed by a stranger to the study"),
        (sign(&Query { study: past.digest(), ..fresh(2) }, &researcher), &past, "query-study-over", "a past study"),
        (sign(&Query { plan: past.digest(), ..fresh(3) }, &researcher), &study, "plan-differs", "another plan"),
        (sign(&Query { expires: Moment(1), ..fresh(4) }, &researcher), &study, "query-expired", "expired long ago"),
        (sign(&fresh(5), &researcher), &past, "query-other-study", "beside another study"),
    ];
    let before = federation.cohorts('C').len();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let patience = Duration::from_secs(20);
        let connected = Asker::connect(seed(&files.key), &hub, chain.current().digest(), patience).await;
        let mut asker = connected.expect("a researcher is let in");
        for (query, study, code, why) in cases {
            match asker.submit(&query, study).await {
                Err(AskError::Refused(refused)) => {
                    assert_eq!((refused.code.as_str(), refused.remedy.is_empty()), (code, false), "{why}");
                }
                other => panic!("{why}: {other:?}"),
            }
        }
        asker.goodbye().await;
    });
    assert_eq!(federation.cohorts('C').len(), before, "no clinic heard of any");
}
