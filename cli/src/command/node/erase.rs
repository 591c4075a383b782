//! `sumac node erase`: everything that is held about one patient is destroyed.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use sumac_node::clinic::{Clinic, ClinicError, Taken};
use sumac_node::clock::Clock;
use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::Home;
use sumac_node::store::Store;

use crate::command::node::{charter, unlock};
use crate::failure::Failure;
use crate::show;

/// Destroy, for good, everything that the node holds about one patient. The node may go on running.
///
/// It says first what will be destroyed and what remains, and asks. Withdrawing (`sumac patient revoke`) only ends
/// uses; this ends the records too. Answers that were given stay as they are.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The node's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The clinic's pseudonym of the patient, as in its records.
    #[arg(long, value_name = "P")]
    patient: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl EraseArgs {
    /// Asks the running node; if none runs, opens the store itself.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let home = Home::at(&self.dir);
        let settings = home.settings()?;
        let desk = Desk::open(&home)?;
        let taken = desk.ask(&self.patient, Step::Look);
        let erased = taken.and_then(|taken| {
            let keyring = home.store_paths(&settings).keyring;
            show::paragraph(&what_goes(&self.patient, &taken));
            show::paragraph(&what_stays(&keyring));
            if self.yes || confirmed(&self.patient)? {
                desk.ask(&self.patient, Step::Erase).map(Some)
            } else {
                Ok(None)
            }
        });
        // Also where nothing was erased the store is closed in good order.
        desk.close()?;
        if erased?.is_none() {
            return Err(Failure::refused(
                "not-confirmed",
                &"nothing was erased",
                "type the pseudonym as it was given to erase the patient".into(),
            ));
        }
        show::line("erased");
        Ok(ExitCode::SUCCESS)
    }
}

/// What a desk is asked. Complete.
#[derive(Debug, Clone, Copy)]
enum Step {
    Look,
    Erase,
}

/// Who erases: the running node, or its store where none runs.
enum Desk {
    Node(PathBuf),
    Store(Box<Clinic>, Arc<Store>),
}

impl Desk {
    /// The running node if there is one; else the store itself, which then nobody else has open.
    fn open(home: &Home) -> Result<Self, Failure> {
        let socket = home.control_socket();
        match control::ask(&socket, &Request::Status) {
            Ok(_) => Ok(Self::Node(socket)),
            Err(ControlError::NotRunning { .. }) => {
                let chain = charter(home)?;
                let (store, _) = Store::open(&home.store_paths(&home.settings()?), &unlock(home)?)?;
                let store = Arc::new(store);
                let clinic = Clinic::new(Arc::clone(&store), chain, Arc::new(Clock::default()));
                Ok(Self::Store(Box::new(clinic), store))
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Says what would go, or has it go.
    fn ask(&self, patient: &str, step: Step) -> Result<Taken, Failure> {
        let pseudonym = patient.to_owned();
        match self {
            Self::Node(socket) => {
                let request = match step {
                    Step::Look => Request::ToErase { pseudonym },
                    Step::Erase => Request::Erase { pseudonym },
                };
                let Response::Taken(taken) = control::ask(socket, &request)? else {
                    return Err(Failure::bug("another answer than was asked for"));
                };
                Ok(taken)
            }
            Self::Store(clinic, _) => {
                let done: Result<Taken, ClinicError> = match step {
                    Step::Look => clinic.to_erase(patient),
                    Step::Erase => clinic.erase(patient),
                };
                Ok(done?)
            }
        }
    }

    /// Closes the store in good order; a running node stays as it is.
    fn close(self) -> Result<(), Failure> {
        if let Self::Store(clinic, store) = self {
            drop(clinic);
            if let Some(store) = Arc::into_inner(store) {
                store.close()?;
            }
        }
        Ok(())
    }
}

/// What will be destroyed.
fn what_goes(patient: &str, taken: &Taken) -> String {
    let mut goes = Vec::new();
    if taken.record {
        goes.push("the record".to_owned());
    }
    if taken.key.is_some() {
        goes.push("which key speaks for the patient".to_owned());
    }
    let statements = if taken.statements == 1 { "statement" } else { "statements" };
    goes.push(format!("{} {statements} of consent or withdrawal", taken.statements));
    let queries = if taken.queries == 1 { "query".to_owned() } else { "queries".to_owned() };
    goes.push(format!("the patient's place in the books of {} {queries}", taken.queries));
    format!("This destroys, for good, what the node holds about `{patient}`: {}.", goes.join("; "))
}

/// What remains.
fn what_stays(keyring: &Path) -> String {
    format!(
        "What remains: answers that were given; what other patients and the study were charged; that somebody was \
         erased; and a salted hash of the pseudonym and of the key, so that neither comes back. Copies of the keyring \
         ({}) from before open copies of the folder from before, with all that is erased now: destroy them. Files that \
         records were imported from are not touched.",
        keyring.display()
    )
}

/// Whether the person typed the pseudonym once more. Without a terminal it never waits.
fn confirmed(patient: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask whether the patient is to be erased; nothing was",
            "give --yes if you are sure",
        ));
    }
    show::talk("Type the pseudonym again to erase the patient; anything else, and nothing happens:");
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut typed)
        .map_err(|why| Failure::usage(format!("what was typed cannot be read: {why}"), "give --yes if you are sure"))?;
    Ok(typed.trim_end_matches(['\r', '\n']) == patient)
}
