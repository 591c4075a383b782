//! `sumac generate`: files of courses that nobody had.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sumac_node::synthetic::{Generator, write_clinic};

use crate::failure::Failure;
use crate::{files, show};

/// Write files of synthetic courses, as `sumac import` reads them. Equal seeds
/// give equal files. No course in them is anybody's.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The dictionary that the courses follow.
    #[arg(long, value_name = "NAME", default_value = "ketamine")]
    dictionary: String,
    /// How many clinics: infusion, KAP, esketamine, telehealth, mixed, and again.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    clinics: u32,
    /// How many courses in all, dealt evenly.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    courses: u64,
    /// What the courses grow from.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// The folder to make; it must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl GenerateArgs {
    /// Writes a folder for each clinic, and the mapping for all.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let generator = Generator::new(&self.dictionary, self.seed)?;
        if self.out.exists() {
            return Err(Failure::usage(
                format!("{} is there already", self.out.display()),
                "name a folder that is not there yet, or delete it",
            ));
        }
        std::fs::create_dir_all(&self.out).map_err(|why| Failure::file(&self.out, &why))?;
        files::write(&self.out.join("mapping.toml"), &generator.mapping())?;
        let clinics = u64::from(self.clinics);
        for clinic in 0..self.clinics {
            let here = self.courses / clinics + u64::from(u64::from(clinic) < self.courses % clinics);
            let folder = self.out.join(format!("clinic-{}", clinic + 1));
            write_clinic(&generator, clinic, here, &folder)?;
            show::talk(&format!("{}: {}", folder.display(), show::counted(here, "synthetic course")));
        }
        show::line(&self.out.join("mapping.toml").display().to_string());
        show::talk("A federation that imports these labels its charter \"synthetic\".");
        Ok(ExitCode::SUCCESS)
    }
}
