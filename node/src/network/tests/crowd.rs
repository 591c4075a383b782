//! Many nodes, and one that sends far too much. What they take is printed, not judged: machines differ.

use std::time::Instant;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::rogue::Rogue;
use super::*;

/// Clinics of the large network.
const CLINICS: u8 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_nodes_hear_an_announcement_and_each_says_so() {
    let numbers = || 20..20 + CLINICS;
    let mut hub = Node::start(NetworkConfig { admitted: keys(numbers()), ..hub(1) }).await;
    let began = Instant::now();
    for number in numbers() {
        let mut clinic = Node::start(clinic(number, &hub)).await;
        tokio::spawn(async move {
            while let Some(event) = clinic.end_or_next().await {
                if let NetworkEvent::Received { answer, .. } = event {
                    answer.reply(b"noted".to_vec());
                }
            }
        });
    }
    for _ in numbers() {
        hub.connected().await;
    }
    println!("200 nodes are connected after {} ms", began.elapsed().as_millis());
    let began = Instant::now();
    let announcement = vec![7; 4_096];
    let mut told: FuturesUnordered<_> =
        numbers().map(|number| hub.network.send(key(number), announcement.clone())).collect();
    while let Some(said) = told.next().await {
        assert_eq!(said.unwrap(), b"noted");
    }
    println!("200 nodes have said that they heard an announcement after {} ms", began.elapsed().as_millis());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_floods_is_heard_its_share_and_others_as_before() {
    let hub = Node::start(hub(1)).await;
    let config = clinic(12, &hub);
    let mut rogue = Rogue::at(&hub).await;
    let (mut hub, clinic) = connect(hub, config).await;
    rogue.ask(hub.key, Request::Hello(CHARTER.to_vec()).to_wire()).await;
    let flooded = Arc::new(Mutex::new(0_u32));
    let counted = Arc::clone(&flooded);
    let serving = tokio::spawn(async move {
        while let Some(event) = hub.inbox.next().await {
            if let NetworkEvent::Received { from, bytes, answer } = event {
                if from == key(11) {
                    *counted.lock().unwrap() += 1;
                }
                answer.reply(bytes);
            }
        }
    });
    let asked = || async {
        let began = Instant::now();
        // Both times together less than one peer's share.
        for _ in 0..200 {
            clinic.network.send(key(1), vec![1; 1_024]).await.unwrap();
        }
        began.elapsed()
    };
    let quiet = asked().await;
    let began = Instant::now();
    let flood = tokio::spawn(async move {
        let message = Request::Message(vec![9; 1_024]).to_wire();
        rogue.flood(key(1), &message, 10_000).await;
        // Longer than anything pushed, and half of something: cut off, each time.
        rogue.flood(key(1), &[255, 255, 255, 255, 4], 1_000).await;
        rogue
    });
    let disturbed = asked().await;
    let rogue = flood.await.unwrap();
    let took = began.elapsed();
    let ratio = disturbed.as_secs_f64() / quiet.as_secs_f64();
    println!("200 requests: {} ms, beside a flood {} ms: {ratio:.2} times", quiet.as_millis(), disturbed.as_millis());
    let heard = *flooded.lock().unwrap();
    println!("of 10,000 messages in {} ms, {heard} were heard", took.as_millis());
    let share = 501 + took.as_millis() / 4;
    assert!(u128::from(heard) <= share, "{heard} heard, where {share} are one peer's share");
    clinic.network.send(key(1), vec![1]).await.unwrap();
    drop((rogue, clinic));
    serving.abort();
}
