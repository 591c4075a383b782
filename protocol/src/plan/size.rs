//! How large a contribution to a plan is, and whether it may be that large.

use crate::limits::{ELEMENTS_MAX_DP, ELEMENTS_MAX_EXACT, GROUPS_MAX};

use super::{Mode, Plan};

/// A plan whose contribution would be too large to prove and send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// More groups than a plan may have.
    #[error("the question makes {groups} groups, where at most {GROUPS_MAX} are allowed")]
    TooManyGroups {
        /// Groups of the plan.
        groups: usize,
    },
    /// Sums that do not fit the numbers they are shared in.
    #[error("sums over {patients_max} patients do not fit 62 bits")]
    TooWide {
        /// Patients that one clinic may hold.
        patients_max: u64,
    },
    /// More input bits than a contribution may have.
    #[error("the question needs {elements} elements ({cells} cells of {bits} bits), where {most} are allowed")]
    TooManyElements {
        /// Elements of a contribution.
        elements: u64,
        /// Cells of a contribution.
        cells: u64,
        /// Bits of each cell.
        bits: u32,
        /// Elements that are allowed in this mode.
        most: u64,
    },
}

impl SizeError {
    /// Never reworded once released; scripts match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyGroups { .. } => "too-many-groups",
            Self::TooWide { .. } => "sums-too-wide",
            Self::TooManyElements { .. } => "too-many-elements",
        }
    }

    /// By how much to shrink the question.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooManyGroups { groups } => {
                format!("drop a grouping: {} times as many groups as allowed", groups.div_ceil(GROUPS_MAX))
            }
            Self::TooWide { .. } => "clip the values to a narrower range".to_owned(),
            Self::TooManyElements { bits, most, cells, .. } => format!(
                "ask for {} cells instead of {cells}: drop a grouping or an estimate; clipping to a narrower \
                 range makes each cell smaller",
                most / u64::from((*bits).max(1))
            ),
        }
    }
}

impl Plan {
    /// Input elements of one contribution from a clinic with at most `patients_max` patients: cells ×
    /// bits of the largest raw cell. `None` where that largest cell does not fit 62 bits.
    #[must_use]
    pub fn elements(&self, patients_max: u64) -> Option<u64> {
        let cells = u64::try_from(self.cell_count()).ok()?;
        cells.checked_mul(u64::from(self.cell_bits(patients_max)?))
    }

    /// Whether a clinic with at most `patients_max` patients can contribute to this plan.
    ///
    /// # Errors
    /// [`SizeError`] saying which limit is passed, and by how much to shrink.
    pub fn check_size(&self, patients_max: u64) -> Result<(), SizeError> {
        let groups = self.group_count();
        if groups > GROUPS_MAX {
            return Err(SizeError::TooManyGroups { groups });
        }
        let wide = SizeError::TooWide { patients_max };
        let bits = self.cell_bits(patients_max).ok_or(wide)?;
        let elements = self.elements(patients_max).ok_or(wide)?;
        let most = match self.mode {
            Mode::Dp => ELEMENTS_MAX_DP,
            Mode::Exact => ELEMENTS_MAX_EXACT,
        };
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        if elements > most {
            let cells = u64::try_from(self.cell_count()).unwrap_or(u64::MAX);
            return Err(SizeError::TooManyElements { elements, cells, bits, most });
        }
        Ok(())
    }

    fn cell_bits(&self, patients_max: u64) -> Option<u32> {
        self.raw_max(patients_max).map(|most| (u64::BITS - most.leading_zeros()).max(1))
    }
}
