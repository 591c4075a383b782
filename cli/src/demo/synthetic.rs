//! Synthetic courses instead of the trial: as many as it takes to see how a federation of large clinics feels.
//!
//! Nobody had these courses, and nobody's hand signs for them: every invented patient has a key of its own, enrols and says
//! yes. What lies in a store afterwards is what its node would have put there one by one, and the node checks it when it
//! begins; it is written here in large batches, before the node runs.

use sumac_node::clinic::Filed;
use sumac_node::store::{Entry, Store};
use sumac_node::synthetic::Generator;
use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{Action, Grant, Statement};
use sumac_protocol::document::enrolment::Enrolment;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Moment;
use sumac_protocol::principal::Signer;
use sumac_protocol::record::{Course, Record};
use sumac_protocol::round::message::encode;
use zeroize::Zeroizing;

use super::federation::{Clinic, Federation, PATIENT_YEAR};
use crate::failure::Failure;
use crate::{asking, command::patient};

/// The question of a synthetic federation: ten groups.
pub(super) const QUESTION: &str = "SELECT count(*) AS courses, \
mean(change(phq9, day => 28, from => 14, to => 31)) AS change, \
stddev(change(phq9, day => 28, from => 14, to => 31)) AS spread, \
rate(response(phq9, day => 28, from => 14, to => 31)) AS response \
FROM courses GROUP BY treatment_resistant, age_band";

/// Fills every clinic's store with so many courses, all of them consenting.
pub(super) fn fill(federation: &Federation, courses: u32, seed: u64, step: &dyn Fn(&str)) -> Result<(), Failure> {
    let generator = Generator::new("ketamine", seed)?;
    let dictionary = Dictionary::ketamine().map_err(|why| Failure::bug(why.to_string()))?;
    let drawn = Drawn { generator, dictionary, seed, from: asking::now(), grant: yes() };
    std::thread::scope(|scope| {
        let drawn = &drawn;
        let workers: Vec<_> = (0..)
            .zip(&federation.clinics)
            .map(|(number, clinic)| scope.spawn(move || drawn.fill(number, clinic, courses)))
            .collect();
        workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| Err(Failure::bug("a worker panicked"))))
    })?;
    step(&format!("{courses} synthetic courses at each of five clinics, sealed; every invented patient consents"));
    Ok(())
}

/// What is the same at all clinics.
struct Drawn {
    /// Draws the courses.
    generator: Generator,
    /// The charter's, by which flags follow from medicines.
    dictionary: Dictionary,
    /// What keys grow from, too: equal seeds give equal patients.
    seed: u64,
    /// When everybody enrolled and said yes.
    from: Moment,
    /// What everybody says.
    grant: Grant,
}

impl Drawn {
    /// One clinic, batch by batch; its node must not run.
    fn fill(&self, number: u32, clinic: &Clinic, courses: u32) -> Result<(), Failure> {
        let settings = clinic.home.settings()?;
        let unlock = clinic.home.key_file(&settings)?;
        let unlock = unlock.ok_or_else(|| Failure::bug("the demo's nodes have key files"))?;
        let (store, _) = Store::open(&clinic.home.store_paths(&settings), &unlock)?;
        let signer = Signer::from_seed(&store.identity_seed());
        for first in (0..courses).step_by(BATCH) {
            let mut entries = Vec::new();
            for at in (first..courses).take(BATCH) {
                entries.extend(self.patient(&signer, number, at)?);
            }
            store.append(entries)?;
        }
        Ok(store.close()?)
    }

    /// One patient: record, enrolment and a yes.
    fn patient(&self, clinic: &Signer, number: u32, at: u32) -> Result<[Entry; 3], Failure> {
        let mut course = Course { id: "1".to_owned(), ..self.generator.course(number, at.into())?.course };
        self.dictionary.fill_told(&mut course);
        let pseudonym = format!("SYN-{:02}-{at:07}", number + 1);
        let seed = Digest::of(Label::LayText, &[&self.seed.to_le_bytes(), pseudonym.as_bytes()]);
        let patient = Signer::from_seed(&Zeroizing::new(seed.0));
        let (me, key, made_at) = (clinic.principal(), patient.principal(), self.from);
        let enrolment = Enrolment { clinic: me, pseudonym: pseudonym.clone(), patient: key, made_at, replaces: None };
        let action = Action::Grant(self.grant.clone());
        let yes = Statement { clinic: me, patient: key, sequence: 0, previous: None, made_at, action, witness: None };
        let filed = Filed::fresh(Envelope::sign(&yes, &patient)?)?;
        Ok([
            Entry::Record { pseudonym: pseudonym.clone(), body: encode(&Record { courses: vec![course] }) },
            Entry::Enrolment { pseudonym: pseudonym.clone(), body: encode(&Envelope::sign(&enrolment, clinic)?) },
            filed.entry(pseudonym),
        ])
    }
}

/// What every invented patient says: yes to health research, for two years.
fn yes() -> Grant {
    patient::grant(vec!["HMB".into()], Vec::new(), true, asking::now(), 730, PATIENT_YEAR)
}

/// Patients of one durable batch.
const BATCH: usize = 1_000;
