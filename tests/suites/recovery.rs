//! Nodes that die, and wires that lose, repeat and reorder: an answer comes, or nobody has paid.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a suite of tests with figures"
)]

mod recovery {
    mod deaths;
    mod stories;
}

use sumac_federation::Federation;
use sumac_federation::researcher::Question;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::round::message::Reply;

const QUESTION: &str =
    "SELECT count(*), mean(change(hamd17, day => 42, from => 32, to => 72)) FROM courses GROUP BY arm";
const RHO: RhoMicro = RhoMicro(1_000_000);

/// Submits a question, again and again until its hub, started again if need be, has taken it.
fn submit(federation: &mut Federation, question: &Question) {
    for _ in 0..1_000 {
        match federation.submit(question) {
            Some(Reply::Progress(_)) => return,
            Some(other @ (Reply::Noted | Reply::Budget(_) | Reply::Refused(_))) => panic!("{other:?}"),
            None => {
                federation.beat();
                if !federation.nodes[question.hub].is_up() {
                    federation.restart(question.hub);
                }
            }
        }
    }
    panic!("the hub never came back");
}
