//! Conditions over one packed byte become one table, however they are nested.

use crate::columns::program::{Table, Test, Truth};

impl From<bool> for Truth {
    fn from(met: bool) -> Self {
        if met { Self::Yes } else { Self::No }
    }
}

impl Truth {
    /// The opposite; what is open stays open.
    pub(crate) const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            Self::Open => Self::Open,
        }
    }

    /// Both: one no decides.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Open, Self::Open | Self::Yes) | (Self::Yes, Self::Open) => Self::Open,
        }
    }

    /// Either: one yes decides.
    pub(crate) const fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// What the digit of a yes/no field says.
pub(super) const fn of_digit(digit: u8) -> Truth {
    match digit {
        1 => Truth::No,
        2 => Truth::Yes,
        _ => Truth::Open,
    }
}

/// A table by pattern.
pub(super) fn table(truth: impl Fn(u8) -> Truth) -> Table<Truth> {
    let mut table = Box::new([Truth::Open; 256]);
    for (pattern, entry) in (0..=u8::MAX).zip(table.iter_mut()) {
        *entry = truth(pattern);
    }
    table
}

pub(super) fn not(test: Test) -> Test {
    match test {
        Test::Always(truth) => Test::Always(truth.not()),
        Test::Byte { byte, mut truth } => {
            truth.iter_mut().for_each(|entry| *entry = entry.not());
            Test::Byte { byte, truth }
        }
        other @ (Test::Compare { .. } | Test::All(_) | Test::Any(_) | Test::Not(_)) => Test::Not(Box::new(other)),
    }
}

pub(super) fn all(parts: Vec<Test>) -> Test {
    let mut parts = joined(parts, Truth::and);
    if parts.len() == 1 { parts.remove(0) } else { Test::All(parts) }
}

pub(super) fn any(parts: Vec<Test>) -> Test {
    let mut parts = joined(parts, Truth::or);
    if parts.len() == 1 { parts.remove(0) } else { Test::Any(parts) }
}

/// Parts that read the same byte as one.
fn joined(parts: Vec<Test>, join: fn(Truth, Truth) -> Truth) -> Vec<Test> {
    let mut joined: Vec<Test> = Vec::new();
    'parts: for part in parts {
        if let Test::Byte { byte, truth } = &part {
            for known in &mut joined {
                if let Test::Byte { byte: same, truth: sum } = known
                    && same == byte
                {
                    sum.iter_mut().zip(truth.iter()).for_each(|(sum, entry)| *sum = join(*sum, *entry));
                    continue 'parts;
                }
            }
        }
        joined.push(part);
    }
    joined
}
