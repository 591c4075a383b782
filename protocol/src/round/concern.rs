//! Which of a node's roles a message is for: said once, for whoever runs roles.

use crate::document::relay::Relay;
use crate::envelope::Envelope;
use crate::principal::Principal;
use crate::round::message::Message;

/// The role that takes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete: whoever runs roles must know where each message goes")]
pub enum Concern {
    /// The coordinator of the query.
    Coordinator,
    /// The committees' member.
    Member,
    /// The clinic that contributes.
    Contributor,
    /// No role of a round: the node itself hands on what patients sealed.
    Node,
}

impl Message {
    /// Which role of the node whose key is `me` takes this message. What it says is checked there.
    #[must_use]
    pub fn concerns(&self, me: &Principal) -> Concern {
        match self {
            Self::Submit { .. }
            | Self::Follow { .. }
            | Self::Budget { .. }
            | Self::Commitment(_)
            | Self::Upload(_)
            | Self::Abstain { .. }
            | Self::Freeze(_)
            | Self::Manifest(_)
            | Self::Answer { .. }
            | Self::Void(_)
            | Self::EndingKept { .. } => Concern::Coordinator,
            // The recipient takes it; anybody else who holds the query passes it on.
            Self::Relay { cover, .. } if is_for(cover, me) => Concern::Member,
            Self::Relay { .. } => Concern::Coordinator,
            Self::Begin { .. }
            | Self::Batch { .. }
            | Self::Frozen { .. }
            | Self::Manifests { .. }
            | Self::Nudge { .. }
            | Self::AskVoid { .. } => Concern::Member,
            Self::Announce(_) | Self::Ended(_) => Concern::Contributor,
            Self::HandOn { .. } | Self::Delivered(_) | Self::AskSeen { .. } | Self::Seen(_) => Concern::Node,
        }
    }
}

/// Whether a relayed message names this recipient.
fn is_for(cover: &Envelope, me: &Principal) -> bool {
    cover.claim::<Relay>().is_ok_and(|relay| relay.peek().to == *me)
}

#[cfg(test)]
mod tests {
    use super::Concern;
    use crate::digest::Digest;
    use crate::document::relay::Relay;
    use crate::envelope::Envelope;
    use crate::octets::Octets;
    use crate::principal::Signer;
    use crate::round::message::Message;
    use zeroize::Zeroizing;

    #[test]
    fn a_relayed_message_is_taken_by_whom_it_names_and_passed_on_by_others() {
        let [from, to] = [1, 2].map(|seed| Signer::from_seed(&Zeroizing::new([seed; 32])));
        let query = Digest([7; 32]);
        let relay =
            Relay { query, attempt: 1, from: from.principal(), to: to.principal(), number: 1, body: Digest([8; 32]) };
        let message = Message::Relay { cover: Envelope::sign(&relay, &from).unwrap(), body: Octets::default() };
        assert_eq!(message.concerns(&to.principal()), Concern::Member);
        assert_eq!(message.concerns(&from.principal()), Concern::Coordinator);
        let other = Message::Relay { cover: Envelope::draft(&relay).unwrap(), body: Octets::default() };
        assert_eq!(other.concerns(&to.principal()), Concern::Member, "its signature is for the member to check");
    }
}
