//! Messages that are too long to be pushed.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::network::MESSAGE_BYTES_MAX;
use crate::network::frame::{CHUNK_BYTES, PUSHED_BYTES_MAX};
use crate::network::pulls::WINDOW_MAX;

/// Bytes that no two chunks have in common.
fn long(bytes: usize) -> Vec<u8> {
    (0_u64..).flat_map(u64::to_be_bytes).take(bytes).collect()
}

/// Frames of this size or more: chunks.
fn chunks(seen: &Seen) -> usize {
    seen.0.lock().unwrap().iter().filter(|(_, frame)| frame.len() == 5 + CHUNK_BYTES).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_message_is_pulled_in_chunks_and_answered_both_ways() {
    let seen = Seen::default();
    let hub = Node::start(hub(1)).await;
    let tapped = NetworkConfig { frame_tap: Some(seen.tap()), ..clinic(11, &hub) };
    let (mut hub, mut clinic) = connect(hub, tapped).await;
    let message = long(MESSAGE_BYTES_MAX);
    let received = async {
        let (_, bytes, answer) = hub.received().await;
        answer.reply(b"thanks".to_vec());
        bytes
    };
    let (sent, received) = tokio::join!(clinic.network.send(key(1), message.clone()), received);
    assert_eq!(sent.unwrap(), b"thanks");
    assert!(received == message, "as it was sent");
    assert_eq!(chunks(&seen), MESSAGE_BYTES_MAX / CHUNK_BYTES, "each chunk once");
    assert_eq!(seen.longest(), 5 + CHUNK_BYTES, "nothing longer left");

    let message = long(PUSHED_BYTES_MAX + 1);
    let back = async {
        let (_, bytes, answer) = clinic.received().await;
        answer.reply(vec![]);
        bytes
    };
    let (sent, received) = tokio::join!(hub.network.send(key(11), message.clone()), back);
    assert_eq!(sent.unwrap(), b"");
    assert!(received == message, "the other way, one byte above what is pushed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_goes_on_where_it_was_when_the_connection_broke() {
    let hub = Node::start(hub(1)).await;
    let (cut, address) = breakable(&hub.address).await;
    let seen = Seen::default();
    let breaking = seen.clone();
    // After forty chunks the connection breaks, once.
    let tap = FrameTap::new(move |to, frame| {
        breaking.0.lock().unwrap().push((to, frame.to_vec()));
        if chunks(&breaking) == 40 && frame.len() == 5 + CHUNK_BYTES {
            cut.send_modify(|times| *times += 1);
        }
    });
    let config = NetworkConfig { frame_tap: Some(tap), hubs: vec![(hub.key, address)], ..clinic(11, &hub) };
    let (mut hub, clinic) = connect(hub, config).await;
    let message = long(MESSAGE_BYTES_MAX);
    let received = async {
        assert_eq!(hub.disconnected().await, key(11));
        assert_eq!(hub.connected().await, key(11));
        let (_, bytes, answer) = hub.received().await;
        answer.reply(vec![9]);
        bytes
    };
    let (sent, received) = tokio::join!(clinic.network.send(key(1), message.clone()), received);
    assert_eq!(sent.unwrap(), [9]);
    assert!(received == message, "whole, over two connections");
    let sent = chunks(&seen);
    let most = MESSAGE_BYTES_MAX / CHUNK_BYTES + WINDOW_MAX;
    assert!(sent <= most, "{sent} chunks were sent, at most {most}: what came is not asked for again");
}

/// A way to the hub that breaks at a word, and works again for whoever dials anew.
async fn breakable(hub: &str) -> (watch::Sender<u32>, String) {
    let port = hub.rsplit('/').next().unwrap().parse().unwrap();
    let hub = SocketAddr::from(([127, 0, 0, 1], port));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("/ip4/127.0.0.1/tcp/{}", listener.local_addr().unwrap().port());
    let (cut, cuts) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut cuts = cuts.clone();
            cuts.mark_unchanged();
            tokio::spawn(async move {
                let mut far = TcpStream::connect(hub).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    _ = cuts.changed() => {}
                }
            });
        }
    });
    (cut, address)
}
