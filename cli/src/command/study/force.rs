//! `sumac study publish` and `end`: a study comes into force, or leaves it, with the next charter.

use std::path::{Path, PathBuf};

use clap::Args;
use sumac_node::control::{CharterRequest, CharterResponse};
use sumac_protocol::digest::Digest;
use sumac_protocol::document::study::drafted_study;

use crate::command::charter::{Onto, offer, write_draft};
use crate::failure::Failure;
use crate::{files, show};

/// Bring a signed study into force: list it in a draft of the next charter, and hand it to running nodes.
///
/// Nodes may have the study before the charter that lists it; until then it counts for nothing.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The study.
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    #[command(flatten)]
    onto: Onto,
    /// The folder of a running node to hand it to. May be given several times.
    #[arg(long, value_name = "DIR")]
    dir: Vec<PathBuf>,
}

impl PublishArgs {
    /// Writes the draft, unless the study is in force already, and hands the study over.
    pub(super) fn run(self) -> Result<(), Failure> {
        let envelope = files::envelope(&self.study)?;
        let study = drafted_study(&envelope).map_err(|why| files::named(&self.study, why.into()))?;
        super::of_this_federation(&self.study, &self.onto.chain()?)?;
        let (chain, mut next) = self.onto.begin()?;
        let charter = chain.current();
        let (have, need) = (envelope.signers(&charter.steward_set()).len(), charter.threshold());
        if have < need {
            return Err(Failure::refused(
                "too-few-signatures",
                &format!("{}: {have} of {need} stewards signed", self.study.display()),
                "have more stewards sign it: `sumac study sign`".into(),
            ));
        }
        if charter.studies.contains(&envelope.digest()) {
            show::talk(&format!("{}: the study {} is in force already", self.study.display(), study.id));
        } else {
            next.begin_study(envelope.digest())?;
            show::study_to_sign(&study);
            write_draft(&next, &self.onto)?;
        }
        for dir in &self.dir {
            let CharterResponse::StudyKept(outside) = offer(dir, CharterRequest::KeepStudy(envelope.clone()))? else {
                return Err(Failure::bug("another answer than was asked for"));
            };
            let (at, id) = (dir.display(), &study.id);
            show::talk(&match outside {
                None => format!("{at}: the study {id} is in force, and its researchers are heard"),
                Some(why) => format!("{at}: the study {id} is kept, and not in force yet: {why}"),
            });
        }
        Ok(())
    }
}

/// End a study: leave it out of a draft of the next charter.
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The study's file, or its digest in hex as `sumac charter show` and diffs have it.
    #[arg(value_name = "STUDY")]
    study: String,
    #[command(flatten)]
    onto: Onto,
}

impl EndArgs {
    /// Writes the draft.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (chain, mut next) = self.onto.begin()?;
        let typed = |study: &&Digest| study.hex() == self.study;
        let study = match chain.current().studies.iter().find(typed) {
            Some(study) => *study,
            None => files::envelope(Path::new(&self.study))?.digest(),
        };
        next.end_study(&study)?;
        write_draft(&next, &self.onto)
    }
}
