//! Which statements are genuine and hold together.

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::document::consent::{
    Action, Grant, Revoke, Statement, Who, Witness, admit_statement, admit_witnessed,
};
use sumac_protocol::document::study::ConsentCategory;

use crate::cast::{
    Harbour, Mill, Otto, Paul, Person, Pia, Stella, grant, on_paper, revocation, second, signed, statement,
};

#[test]
fn a_grant_that_contradicts_itself_is_refused() {
    type Case = (&'static str, fn(&mut Grant), &'static str);
    let cases: [Case; 13] = [
        ("no purpose", |g| g.purposes.clear(), "statement-count"),
        ("a purpose twice", |g| g.purposes = vec!["HMB".into(); 2], "statement-repeated"),
        ("a purpose of no ontology", |g| g.purposes.push("ALL".into()), "statement-unknown-code"),
        ("a modifier as purpose", |g| g.purposes.push("IRB".into()), "statement-unknown-code"),
        ("a purpose as modifier", |g| g.modifiers.push("GRU".into()), "statement-unknown-code"),
        ("one disease, unnamed", |g| g.purposes = vec!["DS".into()], "statement-no-disease"),
        ("no category", |g| g.categories.clear(), "statement-count"),
        ("a category twice", |g| g.categories = vec![ConsentCategory::Outcomes; 2], "statement-repeated"),
        ("no study of all", |g| g.who = Who::Studies(vec![]), "statement-count"),
        ("over before it begins", |g| g.not_after = g.not_before, "statement-never-in-force"),
        ("no cap to speak of", |g| g.rho_year = RhoMicro(1 << 50), "statement-cap"),
        ("an explanation without version", |g| g.lay_text.version.clear(), "statement-text"),
        ("a code of two lines", |g| g.diseases = vec!["a\nb".into()], "statement-text"),
    ];
    for (why, break_it, code) in cases {
        let mut grant = grant();
        break_it(&mut grant);
        let got = Statement { action: Action::Grant(grant), ..statement() }.check().expect_err(why);
        assert_eq!(got.code(), code, "{why}: {got}");
        assert!(!got.remedy().is_empty(), "{why}");
    }
    assert_eq!(statement().check(), Ok(()));
}

#[test]
fn a_statement_counts_only_with_the_patients_own_signature_and_at_its_clinic() {
    let code = |statement: &Statement, signer: Person, clinic: Person, patient: Person| {
        admit_statement(&signed(statement, &[signer]), &clinic.key(), &patient.key()).err().map(|why| why.code())
    };
    assert_eq!(code(&statement(), Pia, Harbour, Pia), None);
    assert_eq!(code(&statement(), Stella, Harbour, Pia), Some("not-signed-by"));
    assert_eq!(code(&statement(), Harbour, Harbour, Pia), Some("not-signed-by"));
    assert_eq!(code(&statement(), Pia, Mill, Pia), Some("statement-other-clinic"));
    assert_eq!(code(&statement(), Paul, Harbour, Paul), Some("statement-other-patient"));
    assert_eq!(code(&on_paper(statement()), Pia, Harbour, Pia), Some("statement-witnessed"));
}

#[test]
fn paper_counts_only_with_named_staff_and_where_the_charter_takes_it() {
    let mut charter = second();
    let code = |charter: &_, statement: &Statement, signer: Person| {
        let admitted = admit_witnessed(&signed(statement, &[signer]), charter, &Harbour.key(), &Pia.key());
        admitted.err().map(|why| why.code())
    };
    assert_eq!(code(&charter, &on_paper(statement()), Stella), None);
    assert_eq!(code(&charter, &on_paper(statement()), Otto), Some("not-signed-by"));
    assert_eq!(code(&charter, &statement(), Stella), Some("statement-no-witness"));
    let by_otto = Statement { witness: Some(Witness { by: Otto.key(), form: "paper".into() }), ..statement() };
    assert_eq!(code(&charter, &by_otto, Otto), Some("statement-no-staff"));
    charter.policy.allow_witnessed = false;
    assert_eq!(code(&charter, &on_paper(statement()), Stella), Some("statement-witnessed-not-allowed"));
}

#[test]
fn a_withdrawal_is_taken_whatever_its_number_predecessor_or_codes() {
    let odd = Revoke { purposes: Some(vec![String::new(), "??\n".into(), "HMB".into(), "HMB".into()]) };
    let cases = [
        ("all", revocation(None)),
        ("nothing named", revocation(Some(&[]))),
        ("a high number", Statement { sequence: 1 << 53, ..revocation(None) }),
        ("odd codes", Statement { action: Action::Revoke(odd), ..statement() }),
    ];
    for (why, statement) in cases {
        let admitted = admit_statement(&signed(&statement, &[Pia]), &Harbour.key(), &Pia.key());
        assert!(admitted.is_ok(), "{why}: {admitted:?}");
    }
}
