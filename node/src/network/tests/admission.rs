//! Who is let in, and who is not.

use super::*;
use crate::network::{NetworkError, SendError};

#[tokio::test]
async fn a_stranger_gets_no_stream_and_is_reported() {
    let seen = Seen::default();
    let mut hub = Node::start(NetworkConfig { frame_tap: Some(seen.tap()), ..hub(1) }).await;
    let stranger = Node::start(clinic(99, &hub)).await;
    for _ in 0..3 {
        // It dials again and again; nothing else ever comes of it.
        assert_eq!(hub.stranger().await, key(99).peer_id().to_string());
    }
    assert!(seen.is_empty(), "not one frame went to it");
    let sent = stranger.network.send(hub.key, vec![1]).await;
    assert_eq!(sent, Err(SendError::NotConnected { peer: hub.key }));
}

#[tokio::test]
async fn an_impostor_at_a_hubs_address_is_refused() {
    let seen = Seen::default();
    let impostor = Node::start(hub(2)).await;
    let config = NetworkConfig {
        hubs: vec![(key(1), impostor.address.clone())],
        frame_tap: Some(seen.tap()),
        ..clinic(11, &impostor)
    };
    let mut clinic = Node::start(config).await;
    for _ in 0..3 {
        assert_eq!(clinic.stranger().await, key(2).peer_id().to_string());
    }
    assert!(seen.is_empty(), "not one frame went to it");
}

#[tokio::test]
async fn replacing_the_admitted_closes_live_connections_and_opens_the_door_again() {
    let (mut hub, mut clinic) = pair().await;
    hub.network.replace_admitted(keys([12])).await;
    assert_eq!(hub.disconnected().await, clinic.key);
    assert_eq!(clinic.disconnected().await, hub.key);
    let sent = hub.network.send(clinic.key, vec![1]).await;
    assert_eq!(sent, Err(SendError::NotConnected { peer: clinic.key }));
    assert_eq!(hub.stranger().await, clinic.key.peer_id().to_string());

    hub.network.replace_admitted(keys([11])).await;
    assert_eq!(clinic.connected().await, hub.key);
    let mut event = hub.next().await;
    while matches!(event, NetworkEvent::StrangerRefused { .. }) {
        event = hub.next().await;
    }
    assert!(matches!(event, NetworkEvent::Connected { peer } if peer == clinic.key));
}

#[tokio::test]
async fn hubs_stay_admitted_whoever_else_is() {
    let (mut hub, mut clinic) = pair().await;
    clinic.network.replace_admitted(keys([12])).await;
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, vec![1, 2]), hub.reverse_one());
    assert_eq!(sent.unwrap(), [2, 1]);
    let (sent, _) = tokio::join!(hub.network.send(clinic.key, vec![3]), clinic.reverse_one());
    assert_eq!(sent.unwrap(), [3]);
}

#[tokio::test]
async fn another_charter_is_said_on_both_sides_and_nothing_passes() {
    let mut hub = Node::start(hub(1)).await;
    let mut clinic = Node::start(NetworkConfig { hello: b"charter two".to_vec(), ..clinic(11, &hub) }).await;
    let (at_hub, at_clinic) = tokio::join!(hub.charter_differs(), clinic.charter_differs());
    assert_eq!(at_hub, (clinic.key, b"charter two".to_vec()));
    assert_eq!(at_clinic, (hub.key, CHARTER.to_vec()));
    let sent = clinic.network.send(hub.key, vec![1]).await;
    assert_eq!(sent, Err(SendError::NotConnected { peer: hub.key }));
    let sent = hub.network.send(clinic.key, vec![1]).await;
    assert_eq!(sent, Err(SendError::NotConnected { peer: clinic.key }));
}

#[tokio::test]
async fn a_new_charter_parts_peers_until_both_have_it() {
    let (mut hub, mut clinic) = pair().await;
    let new = b"charter two".to_vec();
    hub.network.replace_hello(new.clone()).await.unwrap();
    assert_eq!(hub.disconnected().await, clinic.key);
    assert_eq!(clinic.disconnected().await, hub.key);
    assert_eq!(clinic.charter_differs().await, (hub.key, new.clone()));
    assert_eq!(hub.charter_differs().await, (clinic.key, CHARTER.to_vec()));

    clinic.network.replace_hello(new).await.unwrap();
    assert_eq!(hub.connected().await, clinic.key);
    assert_eq!(clinic.connected().await, hub.key);
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, vec![1, 2]), hub.reverse_one());
    assert_eq!(sent.unwrap(), [2, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hubs_that_dial_each_other_are_connected_once() {
    for _ in 0..10 {
        // The system gives out a port; the first hub must know the second's before it starts.
        let port = {
            let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            probe.local_addr().unwrap().port()
        };
        let second_address = format!("/ip4/127.0.0.1/tcp/{port}");
        let mut first = Node::start(NetworkConfig { hubs: vec![(key(2), second_address.clone())], ..hub(1) }).await;
        let mut second = Node::start(NetworkConfig {
            listen: Some(second_address),
            hubs: vec![(key(1), first.address.clone())],
            ..hub(2)
        })
        .await;
        assert_eq!(first.connected().await, second.key);
        assert_eq!(second.connected().await, first.key);
        for _ in 0..10 {
            // Were a second `Connected` said, it would come instead of a message.
            let network = first.network.clone();
            let (sent, _) = tokio::join!(network.send(second.key, vec![1]), second.reverse_one());
            sent.unwrap();
            let network = second.network.clone();
            let (sent, _) = tokio::join!(network.send(first.key, vec![2]), first.reverse_one());
            sent.unwrap();
        }
        second.network.shutdown().await;
        assert_eq!(first.disconnected().await, second.key);
    }
}

#[tokio::test]
async fn a_configuration_without_sense_does_not_start() {
    let broken = |change: fn(&mut NetworkConfig)| {
        let mut config = hub(1);
        change(&mut config);
        config
    };
    let cases = [
        (
            "an address without a protocol",
            broken(|config| config.listen = Some("127.0.0.1:80".to_owned())),
            "bad-address",
        ),
        (
            "a hub's address in another notation",
            broken(|config| config.hubs = vec![(key(2), "https://hub".to_owned())]),
            "bad-address",
        ),
        (
            "a transport this node does not speak",
            broken(|config| config.listen = Some("/ip4/127.0.0.1/udp/0".to_owned())),
            "cannot-listen",
        ),
        ("a hello longer than any hash", broken(|config| config.hello = vec![0; 65]), "hello-too-long"),
        ("a heart that never rests", broken(|config| config.timing.heartbeat = Duration::ZERO), "zero-timing"),
    ];
    for (why, config, code) in cases {
        let error: NetworkError = Network::start(config).await.unwrap_err();
        assert_eq!(error.code(), code, "{why}");
        assert!(!error.remedy().is_empty());
    }
}

#[test]
fn a_configuration_never_prints_its_seed() {
    let printed = format!("{:?}", hub(0x5A));
    assert!(!printed.contains("5a5a") && !printed.contains("90, 90"));
}

#[tokio::test]
async fn papers_are_asked_for_across_charters_and_nothing_else_passes() {
    let mut hub = Node::start(hub(1)).await;
    let other = NetworkConfig { hello: b"charter two".to_vec(), ..clinic(11, &hub) };
    let mut clinic = Node::start(other).await;
    assert_eq!(hub.charter_differs().await, (key(11), b"charter two".to_vec()));
    assert_eq!(clinic.charter_differs().await, (key(1), CHARTER.to_vec()));
    let sent = clinic.network.send(key(1), b"abc".to_vec()).await;
    assert_eq!(sent, Err(crate::network::SendError::NotConnected { peer: key(1) }));
    let asked = async {
        let NetworkEvent::Asked { from, bytes, answer } = hub.next().await else { panic!("expected a question") };
        answer.reply(bytes.iter().rev().copied().collect());
        from
    };
    let (told, from) = tokio::join!(clinic.network.ask_papers(key(1), b"abc".to_vec()), asked);
    assert_eq!((told.unwrap(), from), (b"cba".to_vec(), key(11)));
    let told = clinic.network.ask_papers(key(2), b"abc".to_vec()).await;
    assert_eq!(told, Err(crate::network::SendError::NotConnected { peer: key(2) }));
}
