//! Goodbyes, restarts, and peers that go silent.

use super::*;
use crate::network::SendError;

#[tokio::test]
async fn a_hub_that_restarts_is_connected_to_again() {
    let (hub_before, mut clinic) = pair().await;
    let address = hub_before.address.clone();
    hub_before.network.shutdown().await;
    assert_eq!(clinic.disconnected().await, key(1));

    let mut hub = Node::start(NetworkConfig { listen: Some(address), ..hub(1) }).await;
    assert_eq!(hub.connected().await, clinic.key);
    assert_eq!(clinic.connected().await, hub.key);
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, vec![1, 2]), hub.reverse_one());
    assert_eq!(sent.unwrap(), [2, 1]);
}

#[tokio::test]
async fn shutting_down_says_goodbye_and_waits_for_it_to_be_noted() {
    let (at_hub, at_clinic) = (Seen::default(), Seen::default());
    let hub = Node::start(NetworkConfig { frame_tap: Some(at_hub.tap()), ..hub(1) }).await;
    let tapped = NetworkConfig { frame_tap: Some(at_clinic.tap()), ..clinic(11, &hub) };
    let (mut hub, mut clinic) = connect(hub, tapped).await;
    clinic.network.shutdown().await;
    assert!(at_clinic.has(hub.key, &Request::Goodbye.to_wire()));
    assert!(at_hub.has(clinic.key, &Reply::Noted.to_wire()));
    assert_eq!(hub.disconnected().await, clinic.key);

    assert!(clinic.end_or_next().await.is_none(), "its inbox has ended");
    let sent = clinic.network.send(hub.key, vec![1]).await;
    assert_eq!(sent, Err(SendError::ShutDown));
    clinic.network.shutdown().await;
    clinic.network.replace_admitted(BTreeSet::new()).await;
}

#[tokio::test]
async fn shutting_down_ends_although_nobody_reads_what_happened() {
    let (hub, mut clinic) = pair().await;
    for round in 0..60_u8 {
        for hello in [vec![round], b"charter".to_vec()] {
            hub.network.replace_hello(hello).await.unwrap();
            tokio::time::timeout(Duration::from_secs(5), clinic.network.send(hub.key, vec![])).await.ok();
        }
    }
    tokio::time::timeout(Duration::from_secs(20), clinic.network.shutdown()).await.unwrap();
    let mut unread = 0;
    while clinic.end_or_next().await.is_some() {
        unread += 1;
    }
    assert!(unread > 64, "more than the inbox takes at once: {unread}");
}

#[tokio::test]
async fn an_answer_given_just_before_shutting_down_still_arrives() {
    let (mut hub, clinic) = pair().await;
    let large = vec![5; 3 * 1024 * 1024];
    let (sent, ()) = tokio::join!(clinic.network.send(hub.key, vec![]), async {
        let (_, _, answer) = hub.received().await;
        answer.reply(large.clone());
        hub.network.shutdown().await;
    });
    assert!(sent.unwrap() == large);
}

#[tokio::test]
async fn dropping_the_last_handle_is_a_goodbye_too() {
    let (mut hub, clinic) = pair().await;
    let Node { network, .. } = clinic;
    drop(network);
    assert_eq!(hub.disconnected().await, key(11));
}

#[tokio::test]
async fn a_request_under_way_is_answered_busy_when_the_peer_leaves() {
    let (mut hub, clinic) = pair().await;
    let (sent, _held) = tokio::join!(clinic.network.send(hub.key, vec![1]), async {
        let held = hub.received().await;
        hub.network.shutdown().await;
        held
    });
    assert_eq!(sent, Err(SendError::Busy { peer: hub.key }));
}

#[tokio::test]
async fn a_quiet_connection_outlives_many_heartbeats() {
    let seen = Seen::default();
    let mut lively = hub(1);
    lively.timing.heartbeat = Duration::from_millis(10);
    lively.frame_tap = Some(seen.tap());
    let hub = Node::start(lively).await;
    let config = clinic(11, &hub);
    let (mut hub, clinic) = connect(hub, config).await;
    while seen.0.lock().unwrap().len() < 20 {
        tokio::task::yield_now().await;
    }
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, vec![1, 2]), hub.reverse_one());
    assert_eq!(sent.unwrap(), [2, 1], "no disconnection came first");
}
