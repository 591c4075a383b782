//! Keys that no charter lists.

use std::collections::BTreeSet;
use std::time::Duration;

use sumac_node::network::{Network, NetworkConfig, NetworkEvent, NodeKey, SendError, Timing};
use sumac_protocol::charter_chain::CharterChain;
use sumac_tests::processes::Setup;
use zeroize::Zeroizing;

use crate::SUMAC;

#[test]
fn a_stranger_gets_no_stream_and_the_node_says_so_in_its_log() {
    let mut federation = Setup::default().start(SUMAC);
    let charter = std::fs::read_to_string(federation.dir().join("charter.json")).unwrap();
    let chain = CharterChain::from_json(&charter).unwrap();
    let hub = chain.current().hubs().next().unwrap();
    let hub_key = NodeKey::from_bytes(*hub.key.bytes()).unwrap();
    let seed = Zeroizing::new([99; 32]);
    let stranger = NodeKey::of_seed(&seed);
    let config = NetworkConfig {
        seed,
        listen: None,
        hubs: vec![(hub_key, hub.addresses[0].clone())],
        admitted: BTreeSet::new(),
        // It has even got hold of the right charter.
        hello: chain.current().digest().0.to_vec(),
        frame_tap: None,
        timing: Timing { backoff_min: Duration::from_millis(50), ..Timing::default() },
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (network, mut inbox) = runtime.block_on(Network::start(config)).unwrap();
    let line = federation.until_logged('A', "a stranger was refused");
    let name = [[0, 0x24, 8, 1, 0x12, 0x20].as_slice(), &stranger.to_bytes()].concat();
    let name = bs58::encode(name).into_string();
    assert!(line.contains(&format!("peer={name}")), "it says who, by the PeerId {name}: {line}");
    federation.until_logged('A', "a stranger was refused");
    runtime.block_on(async {
        let answered = network.send(hub_key, b"let me in".to_vec()).await;
        assert_eq!(answered, Err(SendError::NotConnected { peer: hub_key }));
        network.shutdown().await;
        while let Some(event) = inbox.next().await {
            assert!(!matches!(event, NetworkEvent::Connected { .. }), "it was let in");
        }
    });
    let others = federation.status('A').connected;
    assert_eq!(others.len(), 4, "the members are as they were: {others:?}");
}
