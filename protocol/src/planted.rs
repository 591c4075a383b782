//! Bugs that a test plants, each one changed line in a role, to see that its promise is missed when it breaks. Only with
//! the feature `planted-bugs`, which no program of ours asks for; without it, `planted!` is `false` where it stands.

/// Whether a bug is planted just now, on this thread.
#[cfg(feature = "planted-bugs")]
macro_rules! planted {
    ($bug:ident) => {
        crate::planted::is(crate::planted::Bug::$bug)
    };
}

/// Whether a bug is planted: never.
#[cfg(not(feature = "planted-bugs"))]
macro_rules! planted {
    ($bug:ident) => {
        false
    };
}

/// What can be planted. Complete: a test plants each of them.
#[cfg(feature = "planted-bugs")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: a test goes through all")]
pub enum Bug {
    /// A member tells its part of the key whoever froze.
    RevealsBeforeAllFroze,
    /// A member that noised signs void when it is asked to.
    VoidsWhatIsNoised,
    /// A member does not keep its noised share.
    LosesItsNoisedShare,
    /// Noise grows from the batch, and not from the verdicts.
    NoiseOfTheBatch,
    /// A member adds no noise.
    NoNoise,
    /// The first contribution of a batch is added twice.
    CountsOneTwice,
    /// The cells of groups that are held back are sent all the same.
    SendsSuppressedCells,
    /// A clinic sends its shares before it has kept them.
    SendsBeforeKeeping,
    /// A clinic gives a debit back whoever says that there was no release.
    RefundsUnproven,
    /// A patient's cap is not looked at.
    IgnoresCaps,
    /// A withdrawal is not looked at.
    IgnoresWithdrawals,
    /// A later attempt takes whoever consents by then.
    AddsInLaterAttempts,
    /// A member draws on manifests that are not the same.
    DrawsOnUnequalManifests,
    /// A member looks at no floor of operators.
    TakesAnyNumberOfOperators,
    /// A member that noised lets another attempt begin.
    BeginsBesideNoised,
    /// A clinic shares its cells with whatever committee is named to it.
    TakesAnyCommittee,
    /// A node believes its own folder whatever members saw of it.
    TrustsItsFolder,
    /// A store opens although its keyring knows of more than the journal has.
    OpensOldJournals,
}

#[cfg(feature = "planted-bugs")]
impl Bug {
    /// All that stories of the roles find.
    pub const ALL: [Self; 15] = [
        Self::RevealsBeforeAllFroze,
        Self::VoidsWhatIsNoised,
        Self::LosesItsNoisedShare,
        Self::NoiseOfTheBatch,
        Self::NoNoise,
        Self::CountsOneTwice,
        Self::SendsSuppressedCells,
        Self::SendsBeforeKeeping,
        Self::RefundsUnproven,
        Self::IgnoresCaps,
        Self::IgnoresWithdrawals,
        Self::AddsInLaterAttempts,
        Self::DrawsOnUnequalManifests,
        Self::TakesAnyNumberOfOperators,
        Self::BeginsBesideNoised,
    ];

    /// Those beside [`Bug::ALL`] that only an attack finds.
    pub const ATTACKED: [Self; 3] = [Self::TakesAnyCommittee, Self::TrustsItsFolder, Self::OpensOldJournals];
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug on this thread, in place of the one before; or none.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

#[cfg(feature = "planted-bugs")]
/// Whether this bug is planted on this thread; also for crates that have places of their own for bugs.
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
