//! What people read of a charter before they sign it: what it says, and what it changes.

use sumac_protocol::charter_changes::{CharterChanges, Sense};
use sumac_protocol::document::charter::{Charter, Member, Role};
use sumac_protocol::principal::Principal;

/// Prints a text whose first row begins with one text and whose later rows with another.
type Print = fn(&str, &str, &str);

/// What a charter changes, a row each, and why clinics wait for a person, if they do.
pub(crate) fn changes(changes: &CharterChanges, print: Print) {
    for change in changes.list() {
        let sense = match change.sense {
            Sense::Neither => String::new(),
            Sense::Tighter | Sense::Looser => format!(" ({})", change.sense),
        };
        row(&change.area.to_string(), &format!("{}{sense}", change.says), print);
    }
    if changes.list().is_empty() {
        print("nothing is different but its place in the chain", "  ", "  ");
    }
    if changes.waits().is_empty() {
        print("clinics follow it by themselves", "  ", "  ");
        return;
    }
    print("at each clinic a person has to say yes to it, because", "  ", "  ");
    changes.waits().iter().for_each(|why| print(why, "  - ", "    "));
}

/// What the first charter of a federation says.
pub(crate) fn founding(charter: &Charter, print: Print) {
    print(&format!("the first charter of {}:", charter.name), "", "  ");
    let stewards = charter.stewards.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    row("stewards", &format!("{} of these must sign: {stewards}", charter.threshold), print);
    charter.members.iter().for_each(|member| row("member", &about(member), print));
    for committee in &charter.committees {
        let name = |key: &Principal| charter.member(key).map_or_else(|| key.short(), |member| member.name.clone());
        row("committee", &committee.iter().map(name).collect::<Vec<_>>().join(", "), print);
    }
    let policy = serde_json::to_value(&charter.policy).unwrap_or_default();
    for (field, value) in policy.as_object().into_iter().flatten() {
        row("policy", &format!("{field} is {value}"), print);
    }
    charter.studies.iter().for_each(|study| row("study", &study.hex(), print));
}

fn about(member: &Member) -> String {
    let word = |role: &Role| match role {
        Role::Contributor => "contributor",
        Role::Aggregator => "aggregator",
        Role::Hub => "hub",
    };
    let roles = member.roles.iter().map(word).collect::<Vec<_>>().join(", ");
    format!("{}, run by {}, as {roles}: {}", member.name, member.operator, member.key)
}

fn row(name: &str, text: &str, print: Print) {
    print(text, &format!("  {name:<11} "), "              ");
}
