//! Records come in at every clinic, and every patient decides with an own key.
//!
//! The demo plays everybody: the staff who import and enrol, and each patient, whose key is made here
//! and used for that patient alone.

use std::path::Path;
use std::time::Duration;

use sumac_node::control::{self, Request, Response, Status};
use sumac_node::import::SourceFile;
use sumac_protocol::document::consent::{Action, Revoke};

use super::DemoArgs;
use super::books::{Dealt, MAPPING, Stance};
use super::federation::{Clinic, Federation, PATIENT_YEAR};
use crate::command::{import, patient};
use crate::failure::Failure;
use crate::{asking, files, keys};

/// Imports, enrols and collects consents, at all clinics side by side.
pub(super) fn bring_in(federation: &Federation, args: &DemoArgs, step: &dyn Fn(&str)) -> Result<(), Failure> {
    let mapping = federation.dir.join("mapping.toml");
    files::write(&mapping, MAPPING)?;
    let patients = federation.dir.join("patients");
    std::fs::create_dir_all(&patients).map_err(|why| Failure::file(&patients, &why))?;
    let each = |work: &(dyn Fn(&Clinic, &Dealt) -> Result<u64, Failure> + Sync)| -> Result<u64, Failure> {
        std::thread::scope(|scope| {
            let all = federation.clinics.iter().zip(&federation.books.clinics);
            let workers: Vec<_> = all.map(|(clinic, dealt)| scope.spawn(move || work(clinic, dealt))).collect();
            workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(Failure::bug("a worker panicked")))).sum()
        })
    };
    let imported = each(&|clinic, dealt| records(federation, clinic, dealt, &mapping))?;
    step(&format!("records imported and sealed: {imported} patients at five clinics"));
    let statements = each(&|clinic, dealt| consents(clinic, dealt, &patients, args.exact))?;
    let consenting = federation.consenting();
    step(&format!(
        "{statements} statements signed by patients' own keys: {consenting} consent, {} do not",
        imported.saturating_sub(consenting)
    ));
    Ok(())
}

/// Imports one clinic's files the way its staff would, and removes them again.
fn records(federation: &Federation, clinic: &Clinic, dealt: &Dealt, mapping: &Path) -> Result<u64, Failure> {
    let courses = clinic.home.dir().join("courses.csv");
    let assessments = clinic.home.dir().join("assessments.csv");
    files::write(&courses, &dealt.courses_csv)?;
    files::write(&assessments, &dealt.assessments_csv)?;
    let sources = [(SourceFile::Courses, courses.clone()), (SourceFile::Assessments, assessments.clone())].into();
    let done = import::bring_in(&clinic.home, federation.chain.clone(), mapping, &sources, None, false)?;
    // What the clinic's own system exported is not left lying in the node's folder.
    for file in [&courses, &assessments] {
        std::fs::remove_file(file).map_err(|why| Failure::file(file, &why))?;
    }
    Ok(done.kept.changed)
}

/// Waits until every node has read what its patients said, which takes a tenth of a millisecond for each.
pub(super) fn wait_until_read(federation: &Federation, step: &dyn Fn(&str)) -> Result<(), Failure> {
    for clinic in &federation.clinics {
        while asked(clinic)?.shut.is_some() {
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }
    step("every node has read its consents");
    Ok(())
}

/// How a node is.
fn asked(clinic: &Clinic) -> Result<Status, Failure> {
    let Response::Status(status) = control::ask(&clinic.home.control_socket(), &Request::Status)? else {
        return Err(Failure::bug("another answer than was asked for"));
    };
    Ok(status)
}

/// Makes a key for every patient of one clinic, enrols it, and hands in what the patient decides.
fn consents(clinic: &Clinic, dealt: &Dealt, keys_dir: &Path, exact: bool) -> Result<u64, Failure> {
    let socket = clinic.home.control_socket();
    let status = asked(clinic)?;
    let mut statements = 0;
    for (pseudonym, patient) in &dealt.patients {
        let signer = keys::make(&keys_dir.join(format!("{pseudonym}.key")))?;
        control::ask(&socket, &Request::Enrol { pseudonym: pseudonym.clone(), key: signer.principal() })?;
        if patient.stance == Stance::NeverDid {
            continue;
        }
        let from = asking::now();
        let grant = patient::grant(vec!["HMB".into()], Vec::new(), exact, from, 730, PATIENT_YEAR);
        patient::statement(&socket, status.key, &signer, Action::Grant(grant), from)?;
        statements += 1;
        if patient.stance == Stance::Withdrew {
            patient::statement(&socket, status.key, &signer, Action::Revoke(Revoke { purposes: None }), asking::now())?;
            statements += 1;
        }
    }
    Ok(statements)
}

/// How long to wait before a node is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
