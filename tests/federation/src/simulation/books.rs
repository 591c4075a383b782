//! The clinics' books, held against what patients said and what was drawn on.

use std::collections::BTreeMap;

use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::Digest;
use sumac_protocol::document::consent::Action;
use sumac_protocol::record::Course;

use super::promise::Promise;
use super::scene::Scene;
use super::tape::Tape;
use crate::books::Charge;

type Check = Result<(), (Promise, String)>;

/// Every entry as it was looked at last, by clinic and query.
#[derive(Debug, Default)]
pub(super) struct Books(BTreeMap<(usize, Digest), Charge>);

impl Books {
    /// Looks at every entry that is new or another, and at all that was drawn on.
    pub(super) fn check(&mut self, scene: &Scene, tape: &Tape) -> Check {
        for (at, node) in scene.federation.nodes.iter().enumerate() {
            for charge in node.books.charges() {
                let before = self.0.insert((at, charge.query), charge.clone());
                if before.as_ref().is_none_or(|before| before.rows != charge.rows || before.at != charge.at) {
                    selected(scene, at, charge, before.as_ref())?;
                }
            }
        }
        paid_for(scene, tape)
    }
}

/// Only those are in it who say yes where the ledger stood, nobody is added later, nobody pays more than their cap,
/// and the cells are theirs.
fn selected(scene: &Scene, at: usize, charge: &Charge, before: Option<&Charge>) -> Check {
    let (federation, node) = (&scene.federation, &scene.federation.nodes[at]);
    let broken = |row: &u32, why: &str| Err((Promise::ConsentHolds, format!("row {row} at {} {why}", node.name)));
    if charge.ledger_position != node.books.ledger_length() {
        let (read, length) = (charge.ledger_position, node.books.ledger_length());
        return Err((Promise::ConsentHolds, format!("{} read {read} of {length} statements", node.name)));
    }
    for row in &charge.rows {
        if before.is_some_and(|before| !before.rows.contains(row)) {
            return broken(row, "was added to a later attempt");
        }
        let said = node.books.said(*row).take_while(|(position, _)| *position < charge.ledger_position).last();
        let Some(Action::Grant(grant)) = said.map(|(_, said)| &said.action) else {
            return broken(row, "does not say yes");
        };
        if grant.purposes != ["HMB"] {
            return broken(row, "says yes to something else");
        }
        let others = node.books.charges().iter().filter(|other| other.stands() && other.rows.contains(row));
        let spent: RhoMicro = others.map(|other| other.rho).sum();
        if spent > grant.rho_year {
            return broken(row, "pays more than its cap");
        }
    }
    let Some(question) = scene.question(charge.query) else { return Ok(()) };
    let Some(inquiry) = scene.inquiry(question) else { return Ok(()) };
    let mine = federation.patients.iter().filter(|patient| patient.clinic == at);
    let counted = mine.filter(|patient| charge.rows.contains(&patient.row));
    let courses: Vec<&[Course]> = counted.map(|patient| patient.participant.record.courses.as_slice()).collect();
    let truth = inquiry.plan().raw_cells(inquiry.dictionary(), courses);
    let newest = node.books.cells_of.range((charge.query, 0)..=(charge.query, u8::MAX)).next_back();
    if newest.is_some_and(|(_, cells)| cells.as_slice() != truth.expose()) {
        return Err((Promise::ConsentHolds, format!("the cells of {} are not those of its cohort", node.name)));
    }
    Ok(())
}

/// Of every attempt that a member drew on, each clinic that counts has its debit on the books, and keeps it.
fn paid_for(scene: &Scene, tape: &Tape) -> Check {
    for (query, attempts) in &tape.burnt {
        for (attempt, drawn_on) in attempts {
            let manifests = tape.manifests.iter().filter(|((at, _), _)| *at == (*query, *attempt));
            let Some(manifest) = manifests.flat_map(|(_, signed)| signed.get(drawn_on)).next() else { continue };
            for clinic in manifest.accepted().filter(|clinic| !scene.lies(clinic)) {
                let node = scene.federation.nodes.iter().find(|node| node.key() == clinic);
                let charge = node.and_then(|node| node.books.charge(*query));
                let counted = node.and_then(|node| node.books.rows_of.get(&(*query, *attempt)));
                let paid = charge.filter(|charge| charge.stands()).zip(counted);
                if !paid.is_some_and(|(charge, counted)| counted.iter().all(|row| charge.rows.contains(row))) {
                    let who = scene.federation.name_of(&clinic);
                    return Err((Promise::PaidFor, format!("{who} is drawn on, and its patients did not pay")));
                }
            }
        }
    }
    Ok(())
}
