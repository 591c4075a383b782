//! Whatever happens to a patient at a clinic, the log says nothing of whom and of what: looked for in everything that five
//! nodes say at their most talkative.

use std::collections::BTreeMap;

use sumac_node::clinic::Part;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_protocol::principal::Signer;
use sumac_protocol::record::Record;
use sumac_tests::scan::{Found, Needles};
use zeroize::Zeroizing;

use crate::SUMAC;
use crate::canary;
use crate::federation::{Clinic, Federation};

#[test]
fn no_log_line_of_any_level_holds_a_pseudonym_a_record_or_a_figure() {
    let federation = Federation::start(SUMAC);
    let mut needles = Needles::new();
    for clinic in &federation.clinics {
        canary::cells(clinic.name, &clinic.records, &mut needles);
        canary::people(clinic.name, &clinic.records, &mut needles);
    }
    let mut refused = 0;
    for clinic in &federation.clinics {
        refused += go_wrong(clinic);
    }
    let asked = federation.ask(SUMAC).ended();
    // Everybody's record of one clinic was replaced, and one of its patients erased: it answers all the same.
    assert_eq!(asked.exit, Some(0), "{}", asked.text());
    assert!(refused >= 5 * 6, "what can go wrong did: {refused}");
    for clinic in federation.clinics {
        clinic.node.hang_up();
        clinic.node.terminate();
        let said = clinic.node.ended();
        assert_eq!(said.exit, Some(0), "{}", said.text());
        assert!(said.talk.iter().any(|line| line.contains(" DEBUG ")), "it says much");
        assert_eq!(needles.find(said.text().as_bytes(), "log"), Found::new(), "said by {}", clinic.name);
    }
}

/// Everything that can go wrong with a patient who is named; returns how often it did.
fn go_wrong(clinic: &Clinic) -> usize {
    let socket = clinic.home.control_socket();
    let mut refused = 0;
    let mut ask = |request: Request| {
        let answer = control::ask(&socket, &request);
        refused += usize::from(matches!(answer, Ok(Response::Refused(_)) | Err(ControlError::Refused { .. })));
    };
    let mut names = clinic.records.keys().cloned();
    let (first, second) = (names.next().unwrap(), names.next().unwrap());
    let stranger = Signer::from_seed(&Zeroizing::new([7; 32])).principal();
    ask(Request::KeepRecords(clinic.records.clone()));
    let emptied = BTreeMap::from([(first.clone(), Record { courses: Vec::new() })]);
    ask(Request::KeepParts { records: emptied, told: [Part::Scores].into() });
    ask(Request::Enrol { pseudonym: first.clone(), key: stranger });
    ask(Request::PaperKey { pseudonym: first.clone(), by: stranger });
    ask(Request::Confirm { pseudonym: first.clone(), receipt: None });
    ask(Request::ExportPatient { pseudonym: first.clone() });
    ask(Request::ToErase { pseudonym: first });
    ask(Request::Erase { pseudonym: second.clone() });
    ask(Request::Erase { pseudonym: second.clone() });
    ask(Request::KeepRecords(BTreeMap::from([(
        second.clone(),
        clinic.records.get(&second).cloned().unwrap_or_default(),
    )])));
    ask(Request::Enrol { pseudonym: second.clone(), key: stranger });
    ask(Request::Enrol { pseudonym: format!("{second}-more"), key: stranger });
    ask(Request::Enrol { pseudonym: format!("{second}-other"), key: stranger });
    ask(Request::NextStatement { key: stranger });
    ask(Request::ToErase { pseudonym: format!("{second}-none") });
    refused
}
