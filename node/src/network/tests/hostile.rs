//! Peers that do not play by the rules.

use super::rogue::Rogue;
use super::*;
use crate::network::frame::PUSHED_BYTES_MAX;
use crate::network::{Refusal, SendError};

#[tokio::test]
async fn nothing_passes_before_the_hello() {
    let mut hub = Node::start(hub(1)).await;
    let mut rogue = Rogue::at(&hub).await;
    let message = Request::Message(b"let me in".to_vec()).to_wire();
    let not_admitted = Reply::Refused(Refusal::NotAdmitted, vec![]).to_wire();
    assert_eq!(rogue.ask(hub.key, message.clone()).await, not_admitted);

    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    let welcome = Reply::Welcome(CHARTER.to_vec()).to_wire();
    assert_eq!(rogue.ask(hub.key, hello).await, welcome);
    assert_eq!(hub.connected().await, key(11), "it is the first event");

    let key = hub.key;
    let (answer, _) = tokio::join!(rogue.ask(key, message), hub.reverse_one());
    assert_eq!(answer, Reply::Answer(b"ni em tel".to_vec()).to_wire());
}

#[tokio::test]
async fn hostile_frames_are_cut_off_and_the_hub_serves_on() {
    let mut hub = Node::start(hub(1)).await;
    let mut rogue = Rogue::at(&hub).await;
    let too_long = u32::try_from(PUSHED_BYTES_MAX + 2).unwrap().to_be_bytes();
    let cases = [
        ("no bytes", vec![]),
        ("four gigabytes announced", vec![255, 255, 255, 255, 4]),
        ("one byte too many announced", [&too_long[..], &[4]].concat()),
        ("an unknown kind", vec![0, 0, 0, 1, 77]),
        ("a body cut short", vec![0, 0, 0, 9, 4, 1]),
        ("bytes after the frame", vec![0, 0, 0, 1, 7, 7]),
    ];
    for (why, bytes) in cases {
        assert!(rogue.ask(hub.key, bytes).await.is_empty(), "{why}");
    }
    let alive = rogue.ask(hub.key, Request::Heartbeat.to_wire()).await;
    assert_eq!(alive, Reply::Noted.to_wire());

    let config = clinic(12, &hub);
    let mut clinic = Node::start(config).await;
    assert_eq!(hub.connected().await, clinic.key, "it is the first event");
    assert_eq!(clinic.connected().await, hub.key);
}

#[tokio::test]
async fn a_peer_that_goes_silent_is_disconnected() {
    let seen = Seen::default();
    let mut watchful = hub(1);
    watchful.timing.heartbeat = Duration::from_millis(20);
    watchful.frame_tap = Some(seen.tap());
    let mut hub = Node::start(watchful).await;
    let mut rogue = Rogue::at(&hub).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    rogue.ask(hub.key, hello).await;
    let before = seen.count(&Request::Heartbeat.to_wire());
    assert_eq!(hub.connected().await, key(11));
    // Its swarm is not polled any more: the socket stays open and nothing is answered.
    assert_eq!(hub.disconnected().await, key(11));
    let beats = seen.count(&Request::Heartbeat.to_wire()) - before;
    assert!(beats <= 3, "{beats} heartbeats without a sign of life");
    drop(rogue);
}

#[tokio::test]
async fn a_peer_that_dials_anew_takes_the_place_of_its_dead_connection() {
    let mut hub = Node::start(hub(1)).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    let mut lost = Vec::new();
    for _ in 0..5 {
        let mut again = Rogue::at(&hub).await;
        again.ask(hub.key, hello.clone()).await;
        if !lost.is_empty() {
            assert_eq!(hub.disconnected().await, key(11));
        }
        assert_eq!(hub.connected().await, key(11));
        // As after a power cut: nobody closes the old socket.
        lost.push(again);
    }
}

#[tokio::test]
async fn a_request_under_way_is_lost_with_its_connection() {
    let mut watchful = hub(1);
    watchful.timing.heartbeat = Duration::from_millis(20);
    let mut hub = Node::start(watchful).await;
    let mut rogue = Rogue::at(&hub).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    rogue.ask(hub.key, hello).await;
    assert_eq!(hub.connected().await, key(11));
    let sent = hub.network.send(key(11), vec![1]).await;
    assert_eq!(sent, Err(SendError::Lost { peer: key(11) }));
    assert_eq!(hub.disconnected().await, key(11));
}

#[tokio::test]
async fn whoever_said_goodbye_is_gone_even_if_its_socket_stays() {
    let mut hub = Node::start(hub(1)).await;
    let mut rogue = Rogue::at(&hub).await;
    let hello = Request::Hello(CHARTER.to_vec()).to_wire();
    rogue.ask(hub.key, hello).await;
    assert_eq!(hub.connected().await, key(11));
    let noted = rogue.ask(hub.key, Request::Goodbye.to_wire()).await;
    assert_eq!(noted, Reply::Noted.to_wire());
    assert_eq!(hub.disconnected().await, key(11));
    let message = Request::Message(vec![1]).to_wire();
    let not_admitted = Reply::Refused(Refusal::NotAdmitted, vec![]).to_wire();
    assert_eq!(rogue.ask(hub.key, message).await, not_admitted);
}

#[tokio::test]
async fn a_message_that_overtakes_the_welcome_waits_for_it() {
    let (mut rogue, address) = Rogue::listening(1).await;
    let mut clinic = Node::start(NetworkConfig { listen: None, hubs: vec![(key(1), address)], ..hub(11) }).await;
    let (hello, channel) = rogue.asked().await;
    assert_eq!(hello, Request::Hello(CHARTER.to_vec()).to_wire());
    rogue.tell(clinic.key, Request::Message(vec![1, 2]).to_wire());
    let noted = rogue.ask(clinic.key, Request::Heartbeat.to_wire()).await;
    assert_eq!(noted, Reply::Noted.to_wire(), "the message came before this");

    rogue.answer(channel, Reply::Welcome(CHARTER.to_vec()).to_wire());
    let (answer, ()) = tokio::join!(rogue.told(), async {
        assert_eq!(clinic.connected().await, key(1));
        clinic.reverse_one().await;
    });
    assert_eq!(answer, Reply::Answer(vec![2, 1]).to_wire());
}

#[tokio::test]
async fn a_welcome_from_another_charter_is_no_welcome() {
    let (mut rogue, address) = Rogue::listening(1).await;
    let mut clinic = Node::start(NetworkConfig { listen: None, hubs: vec![(key(1), address)], ..hub(11) }).await;
    let (_, channel) = rogue.asked().await;
    rogue.answer(channel, Reply::Welcome(b"charter two".to_vec()).to_wire());
    tokio::select! {
        differs = clinic.charter_differs() => {
            assert_eq!(differs, (key(1), b"charter two".to_vec()));
        }
        _ = rogue.told() => panic!("nothing was told"),
    }
}
