//! The patients' door under TLS: whom a patient's program believes, and what it says of all others.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use sumac_tests::processes::{Clinics, Ended, text};

const SUMAC: &str = env!("CARGO_BIN_EXE_sumac");
/// Where the door of every test is.
const HERE: &str = "127.0.0.1";

/// A certificate authority, whose certificate lies in `NAME.pem`.
fn authority(clinics: &Clinics, name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let made = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(clinics.path(&format!("{name}.pem")), made.pem()).unwrap();
    made
}

/// A certificate for a host, in `NAME.pem`, and its key, in `NAME.secret`.
fn certificate(clinics: &Clinics, name: &str, host: &str, until: i32, by: &CertifiedIssuer<'_, KeyPair>) {
    let (mut params, key) = (CertificateParams::new([host.to_owned()]).unwrap(), KeyPair::generate().unwrap());
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    fs::write(clinics.path(&format!("{name}.pem")), params.signed_by(&key, by).unwrap().pem()).unwrap();
    fs::write(clinics.path(&format!("{name}.secret")), key.serialize_pem()).unwrap();
}

/// Two authorities, and one certificate of each kind.
fn clinics() -> Clinics {
    let clinics = Clinics::make(SUMAC);
    let (ours, _theirs) = (authority(&clinics, "ours"), authority(&clinics, "theirs"));
    certificate(&clinics, "good", HERE, 2100, &ours);
    certificate(&clinics, "expired", HERE, 2021, &ours);
    certificate(&clinics, "elsewhere", "clinic.example", 2100, &ours);
    let _patient = clinics.key("patient");
    clinics
}

/// What a patient's program says who asks there where the patient stands, believing in an authority or the public ones.
fn asked(clinics: &Clinics, url: &str, ca: Option<&str>) -> Ended {
    let (key, ca) = (clinics.path("patient.key"), ca.map(|name| clinics.path(&format!("{name}.pem"))));
    let ask = ["patient", "status", "--yes", "--node", url, "--key", text(&key)];
    let ca: Vec<&str> = ca.iter().flat_map(|file| ["--ca", text(file)]).collect();
    clinics.sumac(&[&ask[..], &ca].concat())
}

/// What it says, on one line: where words are wrapped depends on the address.
fn flat(ended: &Ended) -> String {
    ended.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn only_a_door_that_proves_who_it_is_hears_anything() {
    let clinics = clinics();
    let cases = [
        ("good", Some("ours"), 1, "not-enrolled", "is not enrolled at"),
        ("good", Some("theirs"), 3, "node-untrusted", "UnknownIssuer"),
        ("good", None, 3, "node-untrusted", "UnknownIssuer"),
        ("expired", Some("ours"), 3, "node-untrusted", "expired"),
        ("elsewhere", Some("ours"), 3, "node-untrusted", "not valid for name"),
    ];
    for name in ["good", "expired", "elsewhere"] {
        let (cert, key) = (clinics.path(&format!("{name}.pem")), clinics.path(&format!("{name}.secret")));
        let (node, url) = clinics.open("one", &["--patients-cert", text(&cert), "--patients-key", text(&key)]);
        assert!(url.starts_with("https://"), "{url}");
        for (_, ca, exit, code, says) in cases.iter().filter(|case| case.0 == name) {
            let ended = asked(&clinics, &url, *ca);
            let said = flat(&ended);
            assert_eq!(ended.exit, Some(*exit), "{name}, {ca:?}: {said}");
            assert!(said.contains(&format!("error[{code}]")) && said.contains(says), "{name}, {ca:?}: {said}");
        }
        let clear = asked(&clinics, &url.replace("https://", "http://"), None);
        let said = flat(&clear);
        assert_eq!(clear.exit, Some(3), "{said}");
        assert!(said.contains("error[node-broke-off]") && said.contains("https://"), "{said}");
        node.terminate();
        assert_eq!(node.ended().exit, Some(0));
    }
}

#[test]
fn a_door_without_tls_is_not_taken_for_one_that_has_it() {
    let clinics = clinics();
    let settings = clinics.path("two").join("node.toml");
    let written = fs::read_to_string(&settings).unwrap() + "patients = \"127.0.0.1:0\"\n";
    fs::write(&settings, written).unwrap();
    let node = clinics.run("two");
    let dir = clinics.path("two");
    let status: serde_json::Value = clinics.done(&["node", "status", "--format", "json", "--dir", text(&dir)]).json();
    let url = status["patients_at"].as_str().unwrap();
    assert_eq!(asked(&clinics, url, None).exit, Some(1), "as its settings say: in the clear, on this machine");
    let ended = asked(&clinics, &url.replace("http://", "https://"), Some("ours"));
    assert_eq!(ended.exit, Some(3), "{}", ended.text());
    assert!(flat(&ended).contains("error[node-untrusted]"), "{}", ended.text());
    drop(node);
}

#[test]
fn whatever_is_wrong_with_a_certificate_is_said_before_anybody_is_heard() {
    let clinics = clinics();
    let path = |name: &str| text(&clinics.path(name)).to_owned();
    fs::write(clinics.path("empty.pem"), "no certificate at all\n").unwrap();
    let (dir, good, secret) = (path("one"), path("good.pem"), path("good.secret"));
    let cases: [(&[&str], &str, &str); 6] = [
        (&["--patients-cert", &good], "door-half-a-certificate", "no key"),
        (&["--patients-key", &secret], "door-half-a-certificate", "no certificate"),
        (&["--patients-cert", &path("nothing.pem"), "--patients-key", &secret], "door-certificate", "no such file"),
        (&["--patients-cert", &path("empty.pem"), "--patients-key", &secret], "door-certificate", "an empty one"),
        (&["--patients-cert", &good, "--patients-key", &path("expired.secret")], "door-certificate", "another's key"),
        (&["--patients-cert", &good, "--patients-key", &good], "door-certificate", "the certificate as its key"),
    ];
    for (how, code, why) in cases {
        let run = ["node", "run", "--dir", &dir, "--patients", "127.0.0.1:0"];
        let ended = clinics.sumac(&[&run[..], how].concat());
        assert_eq!(ended.exit, Some(1), "{why}: {}", ended.text());
        assert!(ended.text().contains(&format!("error[{code}]")), "{why}: {}", ended.text());
        assert!(ended.out.is_empty(), "{why}: it never says that it is ready: {}", ended.text());
    }
    // And what a patient names as an authority.
    for (ca, exit, code, why) in [("empty", 2, "usage", "no certificate in it"), ("nothing", 1, "file", "no such file")]
    {
        let ended = asked(&clinics, "https://127.0.0.1:1", Some(ca));
        assert_eq!(ended.exit, Some(exit), "{why}: {}", ended.text());
        assert!(ended.text().contains(&format!("error[{code}]")), "{why}: {}", ended.text());
    }
}
