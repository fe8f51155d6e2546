//! Every datagram ends in one counter.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use flowql_collect::ListenSection;
use flowql_collect::receive::Refusal;
use flowql_queue::Settings;
use proptest::prelude::*;

use crate::support::{Collector, Kept, sender, v9, v9_of, wait_for};

/// A datagram of NetFlow v9.
const V9: &[u8] = b"\0\x09\0\x01AAAABBBBCCCCDDDD";

/// A datagram, and whether it is of a known kind.
fn datagram() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let versions = [(1_u16, 16, 48), (5, 24, 48), (7, 24, 52)];
    let counted = (0..versions.len(), 0..40_u16, 0..2_usize).prop_map(move |(version, count, missing)| {
        let (version, header, record) = versions[version];
        let mut bytes = [version.to_be_bytes(), count.to_be_bytes()].concat();
        bytes.resize(header + usize::from(count) * record - missing, 0);
        let most = if version == 1 { 24 } else { 30 };
        (bytes, (1..=most).contains(&count) && missing == 0)
    });
    prop_oneof![
        counted,
        (0..4_u32, 20..200_usize).prop_map(|(domain, length)| (v9_of(domain, 0, length), true)),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(|mut bytes| {
            if let Some(first) = bytes.first_mut() {
                *first |= 0x80;
            }
            (bytes, false)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn received_is_refused_and_queued(datagrams in proptest::collection::vec(datagram(), 1..120)) {
        let collector = Collector::start(|_| ());
        let sender = sender(collector.address(0));
        for (bytes, _) in &datagrams {
            sender.send(bytes).unwrap();
        }
        collector.wait_received(datagrams.len() as u64);
        let (listeners, kept) = collector.stop();
        let counters = listeners[0].counters;
        let good: Vec<_> = datagrams.iter().filter(|(_, known)| *known).map(|(bytes, _)| bytes.clone()).collect();
        prop_assert_eq!(counters.received, datagrams.len() as u64);
        prop_assert_eq!(counters.received, counters.refused_total() + counters.queued);
        prop_assert_eq!(counters.queued, good.len() as u64);
        prop_assert_eq!(counters.refused_for(Refusal::UnknownKind), (datagrams.len() - good.len()) as u64);
        prop_assert_eq!(counters.bytes, datagrams.iter().map(|(bytes, _)| bytes.len() as u64).sum::<u64>());
        prop_assert_eq!(kept.into_iter().filter_map(|kept| kept.bytes).collect::<Vec<_>>(), good);
    }
}

#[test]
fn a_stop_in_the_middle_counts_all_that_was_received() {
    let listen = ListenSection { workers: 3, ..ListenSection::at("127.0.0.1:0") };
    let collector = Collector::start(|section| section.listen = vec![listen]);
    let stopped = AtomicBool::new(false);
    let to = collector.address(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let sender = sender(to);
                let mut number = 0;
                while !stopped.load(Relaxed) {
                    number += 1;
                    let noise = number % 7 == 0;
                    // Once nobody listens any more, the system says so.
                    drop(sender.send(if noise { b"noise" } else { V9 }));
                }
            });
        }
        collector.wait_received(1000);
        let (listeners, kept) = collector.stop();
        stopped.store(true, Relaxed);
        let counters = listeners[0].counters;
        assert_eq!(counters.received, counters.refused_total() + counters.queued);
        assert_eq!(counters.refused_total(), counters.refused_for(Refusal::UnknownKind));
        assert!(counters.refused_total() > 0);
        assert_eq!(kept.len() as u64, counters.queued);
    });
}

#[test]
fn what_the_kernel_drops_is_counted() {
    let collector = Collector::start(|section| section.receive_buffer = 4096);
    let sender = sender(collector.address(0));
    collector.queue.hold();
    sender.send(&v9(0, 20)).unwrap();
    collector.queue.wait_held(1);
    for number in 1..=200 {
        sender.send(&v9(number, 1000)).unwrap();
    }
    wait_for("drops", || collector.counters().kernel_drops > 0);
    collector.queue.release();
    wait_for("all but the drops", || {
        let counters = collector.counters();
        counters.received + counters.kernel_drops == 201
    });
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!(counters.received + counters.kernel_drops, 201);
    assert_eq!(kept.len() as u64, counters.queued);
}

#[test]
fn what_the_queue_refuses_is_counted() {
    // There is no room, not even for the first.
    let settings = Settings { size: 0, keep_free_percent: 0, ..Settings::default() };
    let collector = Collector::with(settings, |_| ());
    let sender = sender(collector.address(0));
    for number in 0..10 {
        sender.send(&v9(number, 20)).unwrap();
    }
    sender.send(b"noise").unwrap();
    collector.wait_received(11);
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!((counters.received, counters.queued), (11, 0));
    assert_eq!((counters.refused_for(Refusal::Queue), counters.refused_for(Refusal::UnknownKind)), (10, 1));
    assert_eq!(kept, Vec::<Kept>::new());
}

#[test]
fn who_is_not_allowed_and_who_has_no_place_is_counted() {
    let collector = Collector::start(|section| section.allow = vec!["192.0.2.0/24".to_owned()]);
    let strange = sender(collector.address(0));
    strange.send(&v9(0, 20)).unwrap();
    collector.wait_received(1);
    let (listeners, _) = collector.stop();
    assert_eq!(listeners[0].counters.refused_for(Refusal::NotAllowed), 1);

    let collector = Collector::start(|section| section.max_sessions = 3);
    let sender = sender(collector.address(0));
    for domain in 0..5 {
        sender.send(&v9_of(domain, 0, 20)).unwrap();
    }
    collector.wait_received(5);
    assert_eq!(collector.receiver.exporters(), 1);
    let (listeners, kept) = collector.stop();
    assert_eq!(listeners[0].counters.refused_for(Refusal::TooManySessions), 2);
    assert_eq!(kept.len(), 3);
}
