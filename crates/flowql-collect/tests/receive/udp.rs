//! Datagrams.

use std::time::{SystemTime, UNIX_EPOCH};

use flowql_collect::{ListenProtocol, ListenSection};
use flowql_queue::Transport;

use crate::support::{Collector, sender, v9, wait_for};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

#[test]
fn a_datagram_is_kept_as_it_was_received() {
    let listen = ["127.0.0.1:0", "[::]:0"].map(ListenSection::at).to_vec();
    let collector = Collector::start(|section| section.listen = listen);
    let first = sender(collector.address(0));
    let port = collector.address(1).port();
    // The second listener takes both families.
    let second = sender(([127, 0, 0, 1], port).into());
    let third = sender(format!("[::1]:{port}").parse().unwrap());
    let before = now();
    for (number, sender) in (0..).zip([&first, &second, &third]) {
        sender.send(&v9(number, 100)).unwrap();
        wait_for("a datagram", || {
            let received: u64 =
                collector.receiver.listeners().iter().map(|listener| listener.counters.received).sum();
            received == u64::from(number) + 1
        });
    }
    let after = now();
    let (_, kept) = collector.stop();
    assert_eq!(kept.len(), 3);
    for ((number, listener), (sender, kept)) in
        (0..).zip([0, 1, 1]).zip([first, second, third].iter().zip(kept))
    {
        assert_eq!(kept.source, sender.local_addr().unwrap(), "an IPv4 address is not a mapped one");
        assert_eq!(kept.bytes, Some(v9(number, 100)));
        assert_eq!((kept.listener, kept.transport, kept.connection), (listener, Transport::Udp, 0));
        assert!((before..=after).contains(&kept.time), "{} is not within {before}..={after}", kept.time);
    }
}

#[test]
fn the_time_is_that_of_the_kernel() {
    let collector = Collector::start(|_| ());
    let sender = sender(collector.address(0));
    collector.queue.hold();
    sender.send(&v9(0, 20)).unwrap();
    collector.queue.wait_held(1);
    // It arrives while the collector is busy.
    sender.send(&v9(1, 20)).unwrap();
    let arrived = now();
    wait_for("time to pass", || now() > arrived + 50_000_000);
    collector.queue.release();
    collector.wait_received(2);
    let (_, kept) = collector.stop();
    assert!(kept[1].time <= arrived, "{} was after {arrived}", kept[1].time);
    assert!(kept[1].time > arrived - 1_000_000_000);
}

#[test]
fn the_longest_datagram_is_whole_and_an_empty_one_is_counted() {
    let collector = Collector::start(|_| ());
    let sender = sender(collector.address(0));
    // The most that UDP over IPv4 takes; longer ones need jumbograms.
    let longest = v9(1, 65_507);
    sender.send(&longest).unwrap();
    sender.send(&[]).unwrap();
    sender.send(&v9(2, 20)).unwrap();
    collector.wait_received(3);
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!((counters.queued, counters.refused_total(), counters.bytes), (2, 1, 65_527));
    assert_eq!(kept[0].bytes, Some(longest));
    assert_eq!(kept[1].bytes, Some(v9(2, 20)));
}

#[test]
fn datagrams_of_one_port_stay_in_order_with_many_workers() {
    let listen = ListenSection { workers: 4, ..ListenSection::at("127.0.0.1:0") };
    let collector = Collector::start(|section| section.listen = vec![listen]);
    let senders: Vec<_> = (0..8).map(|_| sender(collector.address(0))).collect();
    let mut sent = 0;
    for number in 0..100 {
        for sender in &senders {
            sender.send(&v9(number, 60)).unwrap();
            sent += 1;
        }
        // No more than a small buffer holds.
        collector.wait_received(sent);
    }
    let (listeners, kept) = collector.stop();
    assert_eq!(listeners[0].counters.queued, 800);
    for sender in senders {
        let source = sender.local_addr().unwrap();
        let numbers: Vec<_> =
            kept.iter().filter(|kept| kept.source == source).map(|kept| kept.bytes.clone()).collect();
        assert_eq!(numbers, (0..100).map(|number| Some(v9(number, 60))).collect::<Vec<_>>());
    }
}

#[test]
fn many_datagrams_of_one_system_call_become_one_batch() {
    let collector = Collector::start(|_| ());
    let sender = sender(collector.address(0));
    collector.queue.hold();
    sender.send(&v9(0, 20)).unwrap();
    collector.queue.wait_held(1);
    for number in 1..=64 {
        sender.send(&v9(number, usize::try_from(number).unwrap() * 20)).unwrap();
    }
    assert_eq!(collector.counters().received, 0, "what is not in the queue is not counted yet");
    collector.queue.release();
    collector.wait_received(65);
    let (_, kept) = collector.stop();
    let sent = (0..=64).map(|number| Some(v9(number, usize::try_from(number).unwrap() * 20)));
    assert!(kept.iter().map(|kept| kept.bytes.clone()).eq(sent));
}

#[test]
fn a_stop_keeps_what_the_kernel_has() {
    let collector = Collector::start(|_| ());
    let sender = sender(collector.address(0));
    collector.queue.hold();
    sender.send(&v9(0, 20)).unwrap();
    collector.queue.wait_held(1);
    for number in 1..=80 {
        sender.send(&v9(number, 20)).unwrap();
    }
    let queue = std::sync::Arc::clone(&collector.queue);
    let stopping = std::thread::spawn(|| collector.stop());
    // The socket is still there, with what it holds, and new datagrams do not hold up the stop.
    for number in 81..=90 {
        sender.send(&v9(number, 20)).unwrap();
    }
    queue.release();
    let (listeners, kept) = stopping.join().unwrap();
    assert!(kept.len() >= 81, "{} were kept", kept.len());
    assert_eq!(listeners[0].counters.queued, kept.len() as u64);
    let sent = (0..).map(|number| Some(v9(number, 20)));
    assert!(kept.iter().map(|kept| kept.bytes.clone()).zip(sent).all(|(kept, sent)| kept == sent));
}

#[test]
fn a_listener_takes_only_its_protocol() {
    let listen = ListenSection { protocol: ListenProtocol::Sflow, ..ListenSection::at("127.0.0.1:0") };
    let collector = Collector::start(|section| section.listen = vec![listen]);
    let sender = sender(collector.address(0));
    let mut sflow = vec![0, 0, 0, 5];
    sflow.resize(28, 0);
    sender.send(&sflow).unwrap();
    sender.send(&v9(1, 20)).unwrap();
    collector.wait_received(2);
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!(counters.refused_for(flowql_collect::receive::Refusal::OtherProtocol), 1);
    assert_eq!(kept.len(), 1);
}

#[test]
fn the_buffer_that_the_kernel_gave_is_said() {
    let collector = Collector::start(|section| section.receive_buffer = 100_000);
    assert_eq!(collector.listener(0).receive_buffer, 100_000);
}
