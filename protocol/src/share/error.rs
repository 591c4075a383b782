//! Why sharing or verifying failed.

/// Why a contribution could not be split, or a share not be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    /// Cells that no records within the bounds could give.
    #[error("the contribution breaks a bound that the plan and the charter set for this clinic")]
    OutOfRange,
    /// Bytes that are no share of this circuit.
    #[error("bytes that are no share of this question")]
    Malformed,
    /// The proof does not hold.
    #[error("the proof that the figures keep their bounds does not hold")]
    Rejected,
}
