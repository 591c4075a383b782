//! Steps in which numbers move that would otherwise move with single people.

/// Statements: one alone would tell, beside a list of appointments, who granted or withdrew.
pub(super) const STATEMENTS: u64 = 10;
/// Bytes on the disk: 64 MiB, the frames of some thousand patients.
pub(super) const BYTES: u64 = 64 << 20;

/// The next whole step.
pub(super) const fn up(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES).saturating_mul(BYTES)
}

/// The last whole step.
pub(super) const fn down(bytes: u64) -> u64 {
    bytes / BYTES * BYTES
}
