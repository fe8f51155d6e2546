//! IPFIX over TCP.

use std::io::{Read, Write};
use std::net::TcpStream;

use flowql_collect::receive::Refusal;
use flowql_queue::Transport;

use crate::support::{Collector, ipfix, tcp, v9, wait_for};

fn listening() -> Collector {
    Collector::start(|section| section.listen = vec![tcp()])
}

fn connect(collector: &Collector) -> TcpStream {
    TcpStream::connect(collector.address(0)).unwrap()
}

/// Whether the other side closes the connection.
fn is_closed(mut stream: &TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Ok(0) | Err(_))
}

#[test]
fn messages_and_the_end_of_their_connection_are_kept() {
    let collector = listening();
    let messages = [ipfix(16), ipfix(u16::MAX), ipfix(300)];
    let mut sources = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&collector);
        sources.push(stream.local_addr().unwrap());
        let bytes = messages.concat();
        // The borders of messages are not those of writes.
        for piece in bytes.chunks(1000) {
            stream.write_all(piece).unwrap();
        }
        drop(stream);
        wait_for("the end", || {
            collector.queue.kept().iter().filter(|kept| kept.bytes.is_none()).count() == sources.len()
        });
    }
    wait_for("no connection", || collector.counters().connections == 0);
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!((counters.received, counters.queued, counters.refused_total()), (6, 6, 0));
    let expected: Vec<_> = messages.into_iter().map(Some).chain([None]).collect();
    for (source, kept) in sources.iter().zip(kept.chunks(4)) {
        assert!(kept.iter().all(|kept| kept.source == *source && kept.transport == Transport::Tcp));
        let connection = kept[0].connection;
        assert_ne!(connection, 0);
        for kept in kept {
            let found = (kept.source, kept.transport, kept.connection);
            assert_eq!(found, (*source, Transport::Tcp, connection));
        }
        assert_eq!(kept.iter().map(|kept| kept.bytes.clone()).collect::<Vec<_>>(), expected);
    }
    assert_ne!(kept[0].connection, kept[4].connection);
}

#[test]
fn a_connection_that_goes_astray_is_closed_and_counted() {
    let collector = listening();
    let mut stream = connect(&collector);
    stream.write_all(&[ipfix(20), v9(0, 20)].concat()).unwrap();
    assert!(is_closed(&stream));
    wait_for("no connection", || collector.counters().connections == 0);
    let (listeners, kept) = collector.stop();
    let counters = listeners[0].counters;
    assert_eq!((counters.received, counters.queued), (2, 1));
    assert_eq!((counters.refused_for(Refusal::Framing), counters.bytes), (1, 40));
    assert_eq!(kept.iter().map(|kept| kept.bytes.is_some()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_message_that_is_cut_is_counted() {
    let collector = listening();
    let mut stream = connect(&collector);
    stream.write_all(&ipfix(20)[..19]).unwrap();
    drop(stream);
    wait_for("the message", || collector.counters().received == 1);
    let (listeners, _) = collector.stop();
    assert_eq!(listeners[0].counters.refused_for(Refusal::Framing), 1);
}

#[test]
fn a_stop_ends_connections_and_says_so() {
    let collector = listening();
    let mut stream = connect(&collector);
    stream.write_all(&ipfix(20)).unwrap();
    collector.wait_received(1);
    let (_, kept) = collector.stop();
    assert_eq!(kept.iter().map(|kept| kept.bytes.is_some()).collect::<Vec<_>>(), [true, false]);
    assert!(is_closed(&stream));
}

#[test]
fn connections_are_bounded_and_only_allowed_ones_are_taken() {
    let mut listen = tcp();
    listen.connections = 1;
    let collector = Collector::start(|section| section.listen = vec![listen]);
    let first = connect(&collector);
    wait_for("a connection", || collector.counters().connections == 1);
    assert!(is_closed(&connect(&collector)));
    drop(first);
    wait_for("no connection", || collector.counters().connections == 0);
    assert_eq!(collector.counters().connections_refused, 1);

    let collector = Collector::start(|section| {
        section.listen = vec![tcp()];
        section.allow = vec!["192.0.2.1".to_owned()];
    });
    assert!(is_closed(&connect(&collector)));
    wait_for("a refusal", || collector.counters().connections_refused == 1);
}
