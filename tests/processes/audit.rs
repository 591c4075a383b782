//! What nodes keep, compared: by folder and by file, running and stopped; and what studies have left.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, and says where")]

use std::fs;
use std::path::Path;

use serde_json::Value;
use sumac_node::home::Home;
use sumac_node::store::Store;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::freeze::Freeze;
use sumac_protocol::document::manifest::Manifest;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Signer;
use sumac_tests::processes::{Ended, Federation, Question, Setup};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn narrow(ended: &Ended) {
    for line in ended.out.iter().chain(&ended.talk) {
        assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "too wide: {line}");
    }
}

fn refused(ended: &Ended, exit: i32, code: &str) {
    assert_eq!(ended.exit, Some(exit), "{}", ended.text());
    assert!(ended.talk.iter().any(|line| line.starts_with(&format!("error[{code}]: "))), "{code}: {}", ended.text());
}

/// The key of a stopped node.
fn key_of(federation: &Federation, node: char) -> Signer {
    let home = Home::at(&federation.home(node));
    let settings = home.settings().unwrap();
    let unlock = home.key_file(&settings).unwrap().expect("the demo has key files");
    let (store, _) = Store::open(&home.store_paths(&settings), &unlock).unwrap();
    let signer = Signer::from_seed(&store.identity_seed());
    store.close().unwrap();
    signer
}

/// What a member exported, as if `liar` had told it of another batch, and had not come to a verdict before it: its own verdict
/// would give it away to this member alone.
fn told_otherwise(exported: &Path, liar: &Signer) -> String {
    let mut file: Value = serde_json::from_str(&fs::read_to_string(exported).unwrap()).unwrap();
    let words = file["words"].as_array_mut().unwrap();
    let lie = |word: &Value| {
        let envelope = Envelope::from_json(word.to_string().as_bytes()).unwrap();
        let honest = envelope.claim::<Freeze>().ok()?.verify(&liar.principal()).ok()?;
        let other = Freeze { manifest: Digest([7; 32]), counter: 1, ..Freeze::clone(&honest) };
        Some(serde_json::to_value(Envelope::sign(&other, liar).unwrap()).unwrap())
    };
    words.retain(|word| {
        let envelope = Envelope::from_json(word.to_string().as_bytes()).unwrap();
        !envelope.claim::<Manifest>().is_ok_and(|said| said.verify(&liar.principal()).is_ok())
    });
    let mut lies = 0;
    for word in words {
        if let Some(other) = lie(word) {
            (*word, lies) = (other, lies + 1);
        }
    }
    assert_eq!(lies, 1, "one freeze of the liar was kept");
    file.to_string()
}

#[test]
fn members_that_were_told_two_things_name_the_liar_and_honest_members_name_nobody() {
    let mut federation = Setup::default().start(SUMAC);
    let _answer = federation.ask(&Question::how_many()).answer();
    federation.until_cohort('C', &federation.cohorts('C')[0].query.hex(), |line| line.state.stands());
    let [harbour, linden] = ['A', 'C'].map(|node| federation.home(node));
    let honest = federation.sumac(["audit", text(&harbour), text(&linden)]);
    assert_eq!((honest.exit, honest.out.as_slice()), (Some(0), ["nobody contradicted itself".to_owned()].as_slice()));
    narrow(&honest);
    let [exported, doctored, evidence] =
        ["linden.json", "doctored.json", "evidence.json"].map(|f| federation.dir().join(f));
    federation.kill('C');
    let export = federation.sumac(["audit", "--export", text(&exported), text(&linden)]);
    assert_eq!(export.exit, Some(0), "kept through a power cut, and read from the stopped folder: {}", export.text());
    let all = federation.sumac(["audit", text(&harbour), text(&exported), text(&federation.home('E'))]);
    assert_eq!(all.exit, Some(0), "{}", all.text());
    federation.stop('B');
    let ridge = key_of(&federation, 'B');
    fs::write(&doctored, told_otherwise(&exported, &ridge)).unwrap();
    let alone = federation.sumac(["audit", text(&doctored)]);
    assert_eq!(alone.exit, Some(0), "one side shows nothing: {}", alone.text());
    let found = federation.sumac(["audit", text(&harbour), text(&doctored), "--out", text(&evidence)]);
    assert_eq!(found.exit, Some(1), "{}", found.text());
    narrow(&found);
    assert!(found.out.iter().any(|line| line.starts_with("Ridge fixed two different batches")), "{}", found.text());
    assert!(
        !found.out.iter().any(|line| line.starts_with("Harbour") || line.starts_with("Linden")),
        "{}",
        found.text()
    );
    assert!(found.out.iter().any(|line| line.starts_with("  to do: ")), "{}", found.text());
    let charter = federation.dir().join("charter.json");
    let check = ["audit", "--check", text(&evidence), "--charter", text(&charter)];
    let holds = federation.sumac(check);
    assert_eq!(holds.exit, Some(0), "{}", holds.text());
    let blamed = fs::read_to_string(&evidence).unwrap().replace("two-freezes", "two-manifests");
    fs::write(&evidence, blamed).unwrap();
    refused(&federation.sumac(check), 1, "evidence-other-kind");
    refused(&federation.sumac(["audit", text(&charter), text(&linden)]), 1, "evidence-no-file");
    refused(&federation.sumac(["audit", "--export", text(&exported), text(&linden)]), 1, "file");
    refused(&federation.sumac(["audit", text(&federation.dir().join("nowhere"))]), 1, "file");
    assert_eq!(federation.sumac(["audit"]).exit, Some(2));
    assert_eq!(federation.sumac(["audit", "--check", text(&evidence)]).exit, Some(2));
}

fn micro(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_budget_says_what_is_left_to_those_who_may_ask_and_what_was_charged_to_the_clinic() {
    let mut federation = Setup::default().start(SUMAC);
    let dir = federation.dir().to_owned();
    let [study, charter] = ["study.json", "charter.json"].map(|file| dir.join(file));
    let key = dir.join("keys/researcher.key");
    let asked = ["budget", "--study", text(&study), "--charter", text(&charter), "--key", text(&key)];
    let json: Value = federation.sumac(asked.iter().chain(&["--format", "json"])).json();
    let (before, all) = (micro(&json["in_all"]["left"]), micro(&json["queries"]["left"]));
    assert_eq!(before, micro(&json["in_all"]["budget"]));
    let question = Question::how_many();
    let answer = federation.ask(&question).answer();
    let json: Value = federation.sumac(asked.iter().chain(&["--format", "json"])).json();
    assert_eq!(micro(&json["in_all"]["left"]), before - question.rho_micro());
    assert_eq!((micro(&json["queries"]["left"]), micro(&json["today"]["asked"])), (all - 1, 1));
    assert!(micro(&json["next_most"]) <= micro(&json["year"]["left"]));
    let table = federation.sumac(asked);
    narrow(&table);
    assert!(table.out.iter().any(|line| line.starts_with("the next query may cost ρ ")), "{}", table.text());

    let line = federation.until_cohort('D', &answer.query, |line| line.state != sumac_node::clinic::ChargeState::Open);
    let home = federation.home('D');
    let clinic = ["budget", "--dir", text(&home)];
    let running = federation.sumac(clinic);
    narrow(&running);
    assert!(
        running.out.iter().any(|row| row.contains(&line.query.to_string()) && row.ends_with("released")),
        "{}",
        running.text()
    );
    let json: Value = federation.sumac(clinic.iter().chain(&["--format", "json"])).json();
    assert_eq!(micro(&json["studies"][0]["left"]["in_all"]["left"]), before - question.rho_micro());
    let patients = line.pseudonyms.len().to_string();
    let told = serde_json::to_string(&json["studies"][0]["queries"]).unwrap();
    assert!(!told.contains("rows") && !told.contains(&format!(":{patients},")), "never how many: {told}");
    federation.stop('D');
    let stopped = federation.sumac(clinic);
    let without_moment = |ended: &Ended| ended.out.clone();
    assert_eq!(without_moment(&stopped), without_moment(&running), "running or stopped");

    let stranger = dir.join("stranger.key");
    assert_eq!(federation.sumac(["key", "new", "--out", text(&stranger)]).exit, Some(0));
    let by = |key: &Path| {
        federation.sumac(["budget", "--study", text(&study), "--charter", text(&charter), "--key", text(key)])
    };
    refused(&by(&stranger), 3, "hub-unreachable");
    refused(
        &federation.sumac(["budget", "--study", text(&charter), "--charter", text(&charter), "--key", text(&key)]),
        1,
        "no-envelope",
    );
    assert_eq!(federation.sumac(["budget"]).exit, Some(2));
    assert_eq!(federation.sumac(["budget", "--study", text(&study)]).exit, Some(2));
    refused(&federation.sumac(asked.iter().chain(&["--hub", "Nowhere"])), 2, "usage");
    federation.kill('A');
    refused(&federation.sumac(asked), 3, "hub-unreachable");
    refused(&federation.sumac(["budget", "--dir", text(&dir.join("nowhere"))]), 1, "no-node");
}
