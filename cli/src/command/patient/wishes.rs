//! What a patient allows: what the command line says of a grant, or of a change to one.

use clap::{Args, ValueEnum};
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::digest::{Digest, Label};
use sumac_protocol::document::consent::{Disclosure, Grant, LayText, Who};
use sumac_protocol::document::study::ConsentCategory;
use sumac_protocol::lay_text;
use sumac_protocol::moment::{Millis, Moment};

use crate::failure::Failure;

/// What is allowed. Whatever is left out is, in a grant, as said here; and in a change, as it was.
#[derive(Debug, Args)]
pub(crate) struct Wishes {
    /// Purposes as GA4GH DUO codes: GRU (any research), HMB (health research), DS (research on
    /// the diseases that --disease names). Without it, HMB in a grant, and as before in a change.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    purpose: Option<Vec<String>>,
    /// A disease that DS is about, as its code in the Mondo ontology. May be given several times.
    #[arg(long, value_name = "MONDO:NUMBER", value_parser = mondo)]
    disease: Vec<String>,
    /// What of the record may be used. Without it, all four in a grant, and as before in a change.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_enum)]
    category: Option<Vec<Category>>,
    /// Who may ask. Without it, any study for these purposes in a grant, and as before in a change.
    #[arg(long, value_enum)]
    who: Option<Asker>,
    /// Only this study may ask, by its id. May be given several times.
    #[arg(long, value_name = "ID", conflicts_with = "who")]
    study: Vec<String>,
    /// Whether answers without noise are allowed too, where a study is exact. Without it, never in a grant, and as before
    /// in a change.
    #[arg(long, value_enum)]
    noise: Option<Noise>,
    /// For how many days from now it holds, at most 3,650. Without it, 730 in a grant, and until the same day as before in
    /// a change.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: Option<u64>,
    /// Largest privacy cost in any 365 days, in millionths of ρ. Without it, 2,000,000 in a grant, and as before in a
    /// change.
    #[arg(long, value_name = "RHO_MICRO", value_parser = clap::value_parser!(u64).range(1..))]
    rho_year: Option<u64>,
    /// In which language it is shown before it is signed: en or de. Without it, English in a grant, and as before in a
    /// change.
    #[arg(long, value_name = "LANGUAGE", value_parser = lay_text::LANGUAGES)]
    language: Option<String>,
}

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Category {
    /// Who one is in general, as age and sex.
    Demographics,
    /// The treatment.
    Treatment,
    /// How one did, as scores.
    Outcomes,
    /// Side effects.
    AdverseEvents,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Asker {
    /// Any study for these purposes, also of companies.
    AnyStudy,
    /// Only studies of universities and other places of research.
    Academic,
}

/// Whether answers must carry noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Noise {
    /// Only answers with noise.
    Always,
    /// Exact studies too.
    OrExact,
}

impl Wishes {
    /// A first grant: what was not said is as the options' help says.
    pub(crate) fn granted(self, now: Moment) -> Result<Grant, Failure> {
        let before = grant(vec!["HMB".into()], Vec::new(), false, now, 730, RhoMicro(2_000_000));
        self.over(before, now)
    }

    /// Whether it is said for which purposes.
    pub(super) const fn names_purposes(&self) -> bool {
        self.purpose.is_some()
    }

    /// A grant in place of another: what was not said stays.
    pub(super) fn over(self, before: Grant, now: Moment) -> Result<Grant, Failure> {
        let purposes = self.purpose.unwrap_or(before.purposes);
        let for_diseases = purposes.iter().any(|code| code == "DS");
        if !self.disease.is_empty() && !for_diseases {
            return Err(Failure::usage("--disease means nothing without the purpose DS", "add --purpose DS"));
        }
        let kept = if for_diseases { before.diseases } else { Vec::new() };
        let who = match self.who {
            Some(Asker::AnyStudy) => Who::AnyStudy,
            Some(Asker::Academic) => Who::AcademicOnly,
            None if self.study.is_empty() => before.who,
            None => Who::Studies(self.study),
        };
        let language = self.language.unwrap_or_else(|| before.lay_text.language.clone());
        Ok(worded(
            &language,
            Grant {
                purposes,
                diseases: if self.disease.is_empty() { kept } else { self.disease },
                categories: self
                    .category
                    .map_or(before.categories, |kinds| kinds.into_iter().map(Category::of).collect()),
                who,
                disclosure: match self.noise {
                    None => before.disclosure,
                    Some(Noise::Always) => Disclosure::DpOnly,
                    Some(Noise::OrExact) => Disclosure::ExactAlso,
                },
                not_before: now,
                not_after: self.days.map_or(before.not_after, |days| now + Millis(Millis::DAY.0.saturating_mul(days))),
                rho_year: self.rho_year.map_or(before.rho_year, RhoMicro),
                ..before
            },
        ))
    }
}

impl Category {
    /// The protocol's name for it.
    fn of(self) -> ConsentCategory {
        match self {
            Self::Demographics => ConsentCategory::Demographics,
            Self::Treatment => ConsentCategory::Treatment,
            Self::Outcomes => ConsentCategory::Outcomes,
            Self::AdverseEvents => ConsentCategory::AdverseEvents,
        }
    }
}

/// A grant of all data categories to any study of the given purposes, bound to the words that say so.
pub(crate) fn grant(
    purposes: Vec<String>,
    diseases: Vec<String>,
    exact: bool,
    from: Moment,
    days: u64,
    rho_year: RhoMicro,
) -> Grant {
    worded(
        "en",
        Grant {
            purposes,
            modifiers: Vec::new(),
            diseases,
            categories: vec![
                ConsentCategory::Demographics,
                ConsentCategory::Treatment,
                ConsentCategory::Outcomes,
                ConsentCategory::AdverseEvents,
            ],
            who: Who::AnyStudy,
            disclosure: if exact { Disclosure::ExactAlso } else { Disclosure::DpOnly },
            not_before: from,
            not_after: from + Millis(Millis::DAY.0.saturating_mul(days)),
            rho_year,
            lay_text: LayText { version: "2".into(), language: "en".into(), digest: Digest::of(Label::LayText, &[]) },
        },
    )
}

/// The grant, bound to the words that say what it says. In a language without words it stays bound to others, and is
/// refused.
fn worded(language: &str, mut grant: Grant) -> Grant {
    if let Some(shown) = lay_text::shown(&grant, language) {
        grant.lay_text = shown;
    }
    grant
}

/// A disease as its code in the Mondo ontology: `MONDO:` and seven digits.
fn mondo(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("MONDO:").unwrap_or_default();
    if digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("a disease is MONDO: and seven digits, as MONDO:0002009".to_owned())
}
