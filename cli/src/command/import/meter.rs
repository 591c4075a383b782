//! How far an import is: a moving bar on a terminal, a plain line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sumac_node::import::Progress;

use crate::show;

/// Shows how far an import is, once it takes longer than a person notices.
pub(super) struct Meter {
    /// None where there is no terminal.
    bar: Option<ProgressBar>,
    /// The stage whose style the bar has; it never returns to waiting.
    stage: Stage,
    /// Made with the meter. A bar appears only once [`NOTICED`] has passed since.
    begun: Instant,
    /// When the last plain line was written; at first, when the meter was made.
    told: Instant,
}

/// Which of the two kinds of step is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing is shown yet: the import may be over before a person notices.
    Waiting,
    /// Counts bytes of the files; nothing has been stored.
    Checking,
    /// Counts patients, whose records go to the node or its store.
    Keeping,
}

impl Meter {
    /// The bar begins hidden; it is drawn on standard error, and only if that is a terminal.
    pub(super) fn new() -> Self {
        let hidden = || ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal().then(hidden);
        Self { bar, stage: Stage::Waiting, begun: now, told: now }
    }

    /// Shows one step.
    pub(super) fn tell(&mut self, progress: Progress) {
        let (stage, at, of) = match progress {
            Progress::Checking { bytes, of } => (Stage::Checking, bytes, of),
            Progress::Keeping { patients, of } => (Stage::Keeping, patients, of),
        };
        let Some(bar) = &self.bar else { return self.tell_plainly(stage, at, of) };
        if stage != self.stage && self.begun.elapsed() >= NOTICED {
            bar.reset();
            bar.set_style(style(stage));
            bar.set_length(of);
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.stage = stage;
        }
        bar.set_position(at);
    }

    /// At most one line every [`TOLD_EVERY`], so that a log stays short.
    /// A total of zero counts as 100 %.
    fn tell_plainly(&mut self, stage: Stage, at: u64, of: u64) {
        if self.told.elapsed() < TOLD_EVERY {
            return;
        }
        self.told = Instant::now();
        let percent = at.saturating_mul(100).checked_div(of).unwrap_or(100);
        match stage {
            Stage::Waiting | Stage::Checking => show::talk(&format!("checking the files: {percent} %")),
            Stage::Keeping => show::talk(&format!("keeping records: {at} of {of} patients, {percent} %")),
        }
    }
}

impl Drop for Meter {
    /// Clears the bar also where the import failed, so that the error stands alone.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Rate and time left are of patients while records are kept, of bytes before.
fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Waiting | Stage::Checking => "checking the files {bar:24} {bytes}/{total_bytes}, {eta} left",
        Stage::Keeping => "keeping records {bar:24} {human_pos}/{human_len} patients, {per_sec:.0}, {eta} left",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What is done sooner shows no bar.
const NOTICED: Duration = Duration::from_millis(250);

/// How often a plain line is written.
const TOLD_EVERY: Duration = Duration::from_secs(5);
