//! The values of labels: closed lists, so that no name and no number of anybody becomes one.

/// What became of a query here. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: dashboards count on every one")]
pub enum Ending {
    /// Its cohort was looked for and its price charged, for its first attempt.
    Begun,
    /// Answered, with this clinic counted.
    Released,
    /// Answered without this clinic.
    NotCounted,
    /// Every attempt came to nothing.
    NoRelease,
    /// Its study's budget or number of queries is used up.
    Declined,
    /// The store failed while the cohort was looked for; zeroes were given.
    Failed,
}

impl Ending {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Begun, Self::Released, Self::NotCounted, Self::NoRelease, Self::Declined, Self::Failed];

    /// The label's value.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Released => "released",
            Self::NotCounted => "not_counted",
            Self::NoRelease => "no_release",
            Self::Declined => "declined",
            Self::Failed => "failed",
        }
    }

    pub(super) const fn label(self) -> [(&'static str, &'static str); 1] {
        [("outcome", self.word())]
    }
}

/// Why something was turned away, as far as it is told here. Complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: dashboards count on every one")]
pub enum Turned {
    /// A key that is in neither charter nor study connected.
    Stranger,
    /// A member under another charter connected.
    OtherCharter,
    /// A member sent what is no message.
    Unreadable,
    /// A member's message was refused by the protocol's rules.
    Member,
    /// A call to a question came while this node follows none.
    Shut,
    /// A call to a question came while the disk has no room.
    NoRoom,
    /// The clinic's own people asked for what cannot be done.
    Desk,
    /// The patients' door turned a request away: too many, unproven, or not to be done.
    Door,
}

impl Turned {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Stranger,
        Self::OtherCharter,
        Self::Unreadable,
        Self::Member,
        Self::Shut,
        Self::NoRoom,
        Self::Desk,
        Self::Door,
    ];

    /// The label's value.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::OtherCharter => "other_charter",
            Self::Unreadable => "unreadable",
            Self::Member => "member",
            Self::Shut => "shut",
            Self::NoRoom => "no_room",
            Self::Desk => "desk",
            Self::Door => "door",
        }
    }

    pub(super) const fn label(self) -> [(&'static str, &'static str); 1] {
        [("reason", self.word())]
    }
}
