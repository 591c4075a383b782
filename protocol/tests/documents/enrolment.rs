//! Who may say which key speaks for a patient.

use sumac_protocol::document::enrolment::{Enrolment, admit_enrolment};
use sumac_protocol::limits::REPLACEMENT_WAIT;

use crate::cast::{Harbour, Mill, Otto, Paul, Person, Pia, Ridge, Stella, Sven, enrolment, second, signed};

fn code(enrolment: &Enrolment, signers: &[Person], clinic: Person) -> Option<&'static str> {
    let refused = admit_enrolment(&signed(enrolment, signers), &second(), &clinic.key()).err()?;
    assert!(!refused.remedy().is_empty());
    Some(refused.code())
}

#[test]
fn the_clinic_or_one_of_its_staff_enrols_and_nobody_else() {
    let cases: [(&str, &[Person], Option<&str>); 5] = [
        ("staff", &[Stella], None),
        ("the node", &[Harbour], None),
        ("another clinic", &[Ridge], Some("too-few-signatures")),
        ("the patient", &[Pia], Some("too-few-signatures")),
        ("nobody", &[], Some("too-few-signatures")),
    ];
    for (why, signers, want) in cases {
        assert_eq!(code(&enrolment(), signers, Harbour), want, "{why}");
    }
    assert_eq!(code(&enrolment(), &[Mill], Mill), Some("enrolment-other-clinic"));
    assert_eq!(code(&enrolment(), &[Otto], Otto), Some("enrolment-no-clinic"));
}

#[test]
fn a_lost_key_is_replaced_by_two_of_staff_and_grants_only_after_14_days() {
    let replacement = Enrolment { patient: Paul.key(), replaces: Some(Pia.key()), ..enrolment() };
    let cases: [(&str, &[Person], Option<&str>); 4] = [
        ("two of staff", &[Stella, Sven], None),
        ("one of staff", &[Stella], Some("too-few-signatures")),
        ("one of staff, twice", &[Stella, Stella], Some("too-few-signatures")),
        ("one of staff and the node", &[Stella, Harbour], Some("too-few-signatures")),
    ];
    for (why, signers, want) in cases {
        assert_eq!(code(&replacement, signers, Harbour), want, "{why}");
    }
    assert_eq!(enrolment().grants_from(), enrolment().made_at);
    assert_eq!(replacement.grants_from(), replacement.made_at + REPLACEMENT_WAIT);
}

#[test]
fn an_enrolment_that_could_be_mistaken_is_refused() {
    let named = |pseudonym: &str| Enrolment { pseudonym: pseudonym.into(), ..enrolment() };
    let of = |patient: Person| Enrolment { patient: patient.key(), ..enrolment() };
    let cases = [
        ("no pseudonym", named(""), "enrolment-pseudonym"),
        ("a tabulator", named("P\t1"), "enrolment-pseudonym"),
        ("65 bytes", named(&"P".repeat(65)), "enrolment-pseudonym"),
        ("the clinic as patient", of(Harbour), "enrolment-same-key"),
        ("staff as patient", of(Sven), "enrolment-same-key"),
    ];
    for (why, enrolment, want) in cases {
        assert_eq!(code(&enrolment, &[Stella], Harbour), Some(want), "{why}");
    }
    let itself = Enrolment { replaces: Some(Pia.key()), ..enrolment() };
    assert_eq!(code(&itself, &[Stella, Sven], Harbour), Some("enrolment-same-key"));
    assert_eq!(code(&named(&"P".repeat(64)), &[Stella], Harbour), None);
}
