//! MedicationStatement: a class of medicine that the patient takes at home, or does not.

use super::super::codes::Medicine;
use super::super::element::{Element, Flaw};
use super::super::facts::{AtHomeFact, Fact};
use super::super::tally::Aside;
use super::super::when::Partly;
use super::{Context, Found};

/// Whether a class of medicine is taken at home.
pub(super) fn read(root: &Element<'_>, context: &Context<'_>, found: &mut Found) -> Result<Option<Aside>, Flaw> {
    let until = match root.child("effectivePeriod")? {
        Some(period) => Partly::of(&period, "end")?.map(|end| end.to),
        None => None,
    };
    let taken = match (root.text("status")?, until) {
        (Some("active"), _) | (Some("completed" | "stopped"), Some(_)) => true,
        (Some("not-taken"), _) => false,
        // Over, and nobody knows since when; or planned, on hold, or wrong.
        (Some(_) | None, _) => return Ok(Some(Aside::Status)),
    };
    match context.medicine(root)? {
        Medicine::Class(class) => {
            let link = context.link(root, "context")?;
            found.facts.push(Fact::AtHome(AtHomeFact { class, taken, until, link }));
            Ok(None)
        }
        Medicine::Other(shown) => {
            found.unknown.push(("medicine", shown));
            Ok(Some(Aside::NoKnownCode))
        }
        // What the course is about is taken in sessions; at home it is a session of its own.
        Medicine::Molecule(_) | Medicine::NotRecorded => Ok(Some(Aside::NoKnownCode)),
    }
}
