//! What `deploy/` ships agrees with the code: names of metrics, settings, and files that a package takes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sumac_node::home::Home;
use sumac_node::metrics::table::Name;
use sumac_node::metrics::{Ending, Turned};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// Every word that looks like a metric's name.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("sumac_")).collect()
}

#[test]
fn every_metric_that_an_alert_or_the_dashboard_names_is_published_and_every_one_is_shown() {
    let known: BTreeSet<&str> = Name::ALL.iter().map(|name| name.about().name).collect();
    let alerts = fs::read_to_string(deploy().join("prometheus/alerts.yaml")).unwrap();
    let board = fs::read_to_string(deploy().join("grafana/dashboard.json")).unwrap();
    for (file, text) in [("alerts.yaml", &alerts), ("dashboard.json", &board)] {
        let unknown: Vec<_> = metrics_in(text).difference(&known).copied().collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
    assert_eq!(metrics_in(&board), known, "the dashboard shows all of them");
    assert!(metrics_in("a sumac_no_such{x} b").contains("sumac_no_such"), "the search sees names");
}

#[test]
fn every_label_that_an_alert_asks_for_is_there() {
    let values: BTreeSet<&str> =
        Ending::ALL.iter().map(|e| e.word()).chain(Turned::ALL.iter().map(|t| t.word())).collect();
    let alerts = fs::read_to_string(deploy().join("prometheus/alerts.yaml")).unwrap();
    let mut asked = 0;
    for label in ["outcome=\"", "outcome=~\"", "reason=\"", "reason=~\""] {
        for rest in alerts.split(label).skip(1) {
            for value in rest.split('"').next().unwrap().split('|') {
                assert!(values.contains(value), "{label}{value}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 4, "{asked}");
}

#[test]
fn every_sample_is_a_node_s_settings_and_lets_no_other_machine_read_its_metrics() {
    let samples = fs::read_dir(deploy().join("samples")).unwrap();
    let mut count = 0;
    for sample in samples {
        let file = sample.unwrap().path();
        let folder = tempfile::tempdir().unwrap();
        fs::copy(&file, folder.path().join("node.toml")).unwrap();
        let settings = Home::at(folder.path()).settings().unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        assert!(settings.metrics.unwrap().ip().is_loopback(), "{}", file.display());
        assert_eq!(settings.unlock_credential.as_deref(), Some("unlock"), "{}", file.display());
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn every_file_that_the_package_takes_is_there() {
    let manifest = fs::read_to_string(deploy().join("../cli/Cargo.toml")).unwrap();
    let package = manifest.split("[package.metadata.deb]").nth(1).unwrap();
    let assets: Vec<&str> = package.split("[\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(assets.len() >= 6, "{assets:?}");
    for asset in assets.iter().filter(|asset| !asset.starts_with("target/")) {
        let path = deploy().join("../cli").join(asset.trim_end_matches("*.md"));
        assert!(path.exists(), "{}", path.display());
    }
    let unit = fs::read_to_string(deploy().join("sumac.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/sumac "), "the unit starts what the package puts there");
    assert!(package.contains("[\"target/release/sumac\", \"usr/bin/\", \"755\"]"));
}

#[test]
fn the_unit_waits_for_readiness_watches_and_reloads() {
    let unit = fs::read_to_string(deploy().join("sumac.service")).unwrap();
    for line in ["Type=notify", "WatchdogSec=60", "ExecReload=/bin/kill -HUP $MAINPID", "Restart=on-failure"] {
        assert!(unit.lines().any(|l| l == line), "{line}");
    }
}
