//! Requests, answers, and the limits on both.

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::*;
use crate::network::frame::PUSHED_BYTES_MAX;
use crate::network::{ANSWER_BYTES_MAX, MESSAGE_BYTES_MAX, Refusal, SendError};

#[tokio::test]
async fn a_request_is_answered_in_both_directions() {
    let (mut hub, mut clinic) = pair().await;
    let asked = (clinic.network.clone(), hub.network.clone());
    let (to_hub, from_clinic) = tokio::join!(asked.0.send(hub.key, b"abc".to_vec()), hub.reverse_one());
    assert_eq!(to_hub.unwrap(), b"cba");
    assert_eq!(from_clinic, (clinic.key, b"abc".to_vec()));
    let (to_clinic, from_hub) = tokio::join!(asked.1.send(clinic.key, vec![]), clinic.reverse_one());
    assert_eq!(to_clinic.unwrap(), b"", "an empty message is a message");
    assert_eq!(from_hub, (hub.key, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_message_sent_at_once_never_overtakes_connected() {
    let mut hub = Node::start(hub(1)).await;
    let mut clinics = Vec::new();
    for number in 11..20 {
        let mut clinic = Node::start(clinic(number, &hub)).await;
        assert_eq!(hub.connected().await, clinic.key);
        let (sent, ()) = tokio::join!(hub.network.send(clinic.key, vec![1, 2]), async {
            assert_eq!(clinic.connected().await, hub.key);
            clinic.reverse_one().await;
        });
        assert_eq!(sent.unwrap(), [2, 1]);
        clinics.push(clinic);
    }
}

#[tokio::test]
async fn what_fits_is_pushed_and_one_byte_above_the_longest_is_refused_unsent() {
    let seen = Seen::default();
    let hub = Node::start(hub(1)).await;
    let tapped = NetworkConfig { frame_tap: Some(seen.tap()), ..clinic(11, &hub) };
    let (mut hub, clinic) = connect(hub, tapped).await;

    let too_large = vec![7; MESSAGE_BYTES_MAX + 1];
    let refused = clinic.network.send(hub.key, too_large).await;
    let expected = SendError::TooLarge { bytes: MESSAGE_BYTES_MAX + 1, max: MESSAGE_BYTES_MAX };
    assert_eq!(refused, Err(expected));
    assert!(seen.longest() < 100, "nothing of it was sent");

    let pushed = vec![7; PUSHED_BYTES_MAX];
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, pushed.clone()), hub.reverse_one());
    assert!(sent.unwrap() == pushed);
    assert_eq!(seen.longest(), 5 + PUSHED_BYTES_MAX);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_a_refusal() {
    let (mut hub, clinic) = pair().await;
    let (sent, ()) = tokio::join!(clinic.network.send(hub.key, vec![]), async {
        let (_, _, answer) = hub.received().await;
        answer.reply(vec![0; ANSWER_BYTES_MAX + 1]);
    });
    let reason = Refusal::AnswerTooLarge;
    assert_eq!(sent, Err(SendError::Refused { peer: hub.key, reason }));
}

#[tokio::test]
async fn a_dropped_answer_says_busy() {
    let (mut hub, clinic) = pair().await;
    let (sent, ()) = tokio::join!(clinic.network.send(hub.key, vec![]), async {
        drop(hub.next().await);
    });
    assert_eq!(sent, Err(SendError::Busy { peer: hub.key }));
}

#[tokio::test]
async fn whoever_is_not_connected_cannot_be_sent_to() {
    let (hub, clinic) = pair().await;
    for (why, to) in
        [("nobody knows this key", key(99)), ("admitted, but never came", key(12)), ("the node itself", key(1))]
    {
        let sent = hub.network.send(to, vec![1]).await;
        assert_eq!(sent, Err(SendError::NotConnected { peer: to }), "{why}");
    }
    drop(clinic);
}

#[tokio::test]
async fn a_request_without_an_answer_times_out() {
    let hub = Node::start(hub(1)).await;
    let hasty = NetworkConfig {
        timing: Timing { request_timeout: Duration::from_millis(200), ..timing() },
        ..clinic(11, &hub)
    };
    let (mut hub, clinic) = connect(hub, hasty).await;
    let (sent, (_, _, answer)) = tokio::join!(clinic.network.send(hub.key, vec![1]), hub.received());
    assert_eq!(sent, Err(SendError::TimedOut { peer: hub.key }));

    // An answer that comes too late harms nothing, and the connection still serves.
    answer.reply(vec![1]);
    let (sent, _) = tokio::join!(clinic.network.send(hub.key, vec![1, 2]), hub.reverse_one());
    assert_eq!(sent.unwrap(), [2, 1]);
}

#[tokio::test]
async fn the_seventeenth_request_at_once_to_one_peer_is_busy() {
    let (mut hub, clinic) = pair().await;
    let mut sends: FuturesUnordered<_> = (0..17).map(|_| clinic.network.send(hub.key, vec![1, 2])).collect();
    let first = sends.next().await.unwrap();
    assert_eq!(first, Err(SendError::Busy { peer: hub.key }));
    for _ in 0..16 {
        let (sent, _) = tokio::join!(sends.next(), hub.reverse_one());
        assert_eq!(sent.unwrap().unwrap(), [2, 1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_inbox_says_busy_and_loses_nothing_it_took() {
    let mut hub = Node::start(hub(1)).await;
    let mut clinics = Vec::new();
    for number in 11..16 {
        let (back, clinic) = {
            let config = clinic(number, &hub);
            connect(hub, config).await
        };
        hub = back;
        clinics.push(clinic);
    }
    // Five clinics with sixteen requests each, and room for 64.
    let mut sends = FuturesUnordered::new();
    for clinic in &clinics {
        for _ in 0..16 {
            sends.push(clinic.network.send(hub.key, vec![1, 2]));
        }
    }
    for _ in 0..16 {
        let busy = sends.next().await.unwrap();
        assert_eq!(busy, Err(SendError::Busy { peer: hub.key }));
    }
    for _ in 0..64 {
        let (sent, _) = tokio::join!(sends.next(), hub.reverse_one());
        assert_eq!(sent.unwrap().unwrap(), [2, 1]);
    }
}

#[tokio::test]
async fn a_tap_sees_each_frame_in_plaintext() {
    let (at_hub, at_clinic) = (Seen::default(), Seen::default());
    let hub = Node::start(NetworkConfig { frame_tap: Some(at_hub.tap()), ..hub(1) }).await;
    let tapped = NetworkConfig { frame_tap: Some(at_clinic.tap()), ..clinic(11, &hub) };
    let (mut hub, clinic) = connect(hub, tapped).await;
    let asked = clinic.network.send(hub.key, b"abc".to_vec());
    let (sent, _) = tokio::join!(asked, hub.reverse_one());
    sent.unwrap();
    clinic.network.shutdown().await;
    assert_eq!(hub.disconnected().await, clinic.key);

    for request in [Request::Hello(CHARTER.to_vec()), Request::Message(b"abc".to_vec()), Request::Goodbye] {
        assert!(at_clinic.has(hub.key, &request.to_wire()), "{request:?}");
    }
    for reply in [Reply::Welcome(CHARTER.to_vec()), Reply::Answer(b"cba".to_vec()), Reply::Noted] {
        assert!(at_hub.has(clinic.key, &reply.to_wire()), "{reply:?}");
    }
}
