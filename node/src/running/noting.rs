//! Keeping what members signed, beside what the roles make of it.

use sumac_protocol::envelope::Envelope;
use sumac_protocol::evidence::Noted;
use sumac_protocol::round::Event;

use super::Node;
use crate::clinic::WORDS;
use crate::store::Entry;

impl Node {
    /// The signed words in an event that are not kept yet.
    pub(super) fn unknown_words(&self, event: &Event) -> Vec<Envelope> {
        match event {
            Event::Message { message, .. } => self.notebook.unknown(message, self.me()),
            Event::Connected(_) | Event::Tick | Event::Selected(_) => Vec::new(),
        }
    }

    /// Notes words that the roles have heard by now: they are durable before any of the roles' effects leaves this node.
    pub(super) fn note(&mut self, words: &[Envelope]) {
        let (now, roles) = (self.clock.now(), &self.roles);
        let noted = self.notebook.note(now, self.clinic.chain(), words, |query| roles.know(query));
        self.beside.extend(noted.into_iter().map(entry));
    }
}

fn entry(noted: Noted) -> Entry {
    let Noted { id, form } = noted;
    Entry::Role { role: WORDS, id: id.0, body: form.map(|form| form.0) }
}
