//! Purposes in a few words, and the broadest of several.

use sumac_protocol::document::consent::Grant;
use sumac_protocol::document::disease::disease;
use sumac_protocol::document::duo::Permission;

use crate::failure::Failure;
use crate::show;

/// Permissions without those that another of them includes.
pub(super) fn outer(all: &[Permission]) -> Vec<Permission> {
    let within = |narrow: &Permission| all.iter().any(|broad| broad != narrow && broad.includes(*narrow));
    all.iter().filter(|permission| !within(permission)).copied().collect()
}

/// Permissions as people read them.
pub(super) fn named(permissions: &[Permission]) -> String {
    let one = |permission: &Permission| {
        let what = match permission {
            Permission::NoRestriction => "anything",
            Permission::GeneralResearch => "any research",
            Permission::HealthMedicalBiomedical => "research on health and medicine",
            Permission::DiseaseSpecific => "research on the diseases you named",
            Permission::PopulationOrigins => "research on where people come from",
        };
        format!("{what} ({})", permission.code())
    };
    permissions.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Warns of what a grant names and nobody here knows: it is signed as it is, and may allow nothing.
pub(super) fn warn_of_unknown(grant: &Grant) {
    for code in grant.diseases.iter().filter(|code| disease(code).is_none()) {
        let says = format!("the disease {code} is not known here, so its name cannot be shown to you");
        let remedy =
            "compare the code with the Mondo ontology: a wrong one allows research on another disease, or on none";
        Failure::usage(says, remedy).warn();
    }
    if let sumac_protocol::document::consent::Who::Studies(ids) = &grant.who {
        let ids: Vec<String> = ids.iter().map(|id| show::one_line(id)).collect();
        let says = format!("whether there is a study {} cannot be checked here", ids.join(", "));
        Failure::usage(says, "compare each id with what the study gave you: a wrong one lets nobody ask").warn();
    }
}

#[cfg(test)]
mod tests {
    use super::{named, outer};
    use sumac_protocol::document::duo::Permission as P;

    #[test]
    fn the_broadest_of_several_purposes_are_named_and_no_other() {
        let all = [P::GeneralResearch, P::HealthMedicalBiomedical, P::DiseaseSpecific, P::PopulationOrigins];
        let cases = [
            (&all[..], "any research (GRU)", "what it includes is not said again"),
            (
                &all[1..],
                "research on health and medicine (HMB); research on where people come from (POA)",
                "side by side",
            ),
            (&[], "", "none"),
        ];
        for (permissions, words, why) in cases {
            assert_eq!(named(&outer(permissions)), words, "{why}");
        }
    }
}
