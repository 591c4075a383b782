//! Bringing a question to a step and keeping it there, by suspending those it waits for.

use std::time::Duration;

use super::{Asked, Federation, Question};

/// Where a question is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The committee commits; its last member is awaited.
    Committing,
    /// Clinics contribute; one outside the committee is awaited. All others have selected and debited.
    Collecting,
    /// The committee fixes the batch; its last two members are awaited.
    Freezing,
    /// The batch is fixed and the committee checks the contributions; nobody has noised.
    Verifying,
}

/// Who is suspended when, in one attempt.
struct Parts {
    /// What the researcher's lines of this attempt begin with.
    begins: &'static str,
    /// A clinic outside the committee.
    outside: (char, &'static str),
    /// The committee's member before the last.
    second: (char, &'static str),
    /// The committee's last member.
    last: (char, &'static str),
}

impl Federation {
    /// Brings a question that is in its first attempt to a step, and keeps it there. Linden must
    /// have been suspended before it was asked. [`Federation::resume_all`] lets it go on.
    pub fn hold(&mut self, asked: &mut Asked, held: Held) {
        self.hold_in(asked, held, &FIRST);
    }

    /// The same for a question whose first attempt is being given up. Quay must have been suspended
    /// before it was asked.
    pub fn hold_second(&mut self, asked: &mut Asked, held: Held) {
        self.hold_in(asked, held, &SECOND);
    }

    /// Asks a question, holds it until only Quay has not contributed, and follows it for this long
    /// after Quay may: a round takes some 60 ms from there, so a moment within it is chosen.
    pub fn ask_and_follow_past_the_window(&mut self, question: &Question, long: Duration) -> Asked {
        self.suspend('E');
        let mut asked = self.ask(question);
        asked.until("(4 of 5); waiting for Quay (");
        self.resume('E');
        asked.follow_for(long);
        asked
    }

    fn hold_in(&mut self, asked: &mut Asked, held: Held, parts: &Parts) {
        let Parts { begins, outside, second, last } = parts;
        asked.until(&format!("{begins}the committee commits to its keys; waiting for {} (", last.1));
        if held == Held::Committing {
            return;
        }
        self.suspend(outside.0);
        self.resume(last.0);
        asked.until(&format!("{begins}clinics contribute (4 of 5); waiting for {} (", outside.1));
        if held == Held::Collecting {
            return;
        }
        self.suspend(second.0);
        self.suspend(last.0);
        self.resume(outside.0);
        asked.until(&format!("{begins}the committee fixes the batch; waiting for {}, {} (", second.1, last.1));
        if held == Held::Freezing {
            return;
        }
        self.resume(second.0);
        asked.until(&format!("{begins}the committee fixes the batch; waiting for {} (", last.1));
        // It has fixed the batch and says nothing of what follows.
        self.suspend(second.0);
        self.resume(last.0);
        asked.until(&format!("{begins}the committee checks every contribution; waiting for "));
    }
}

/// The first committee is Harbour, Ridge, Linden.
const FIRST: Parts = Parts { begins: "", outside: ('D', "Mill"), second: ('B', "Ridge"), last: ('C', "Linden") };
/// The second committee is Linden, Mill, Quay.
const SECOND: Parts =
    Parts { begins: "attempt 2: ", outside: ('B', "Ridge"), second: ('D', "Mill"), last: ('E', "Quay") };
