//! Other settings while it receives.

use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket};

use flowql_collect::receive::Refusal;
use flowql_collect::{CollectSection, ForwardSection, ListenSection};

use crate::support::{Collector, sender, tcp, v9, wait_for};

/// An address that is free.
fn free() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn at(addresses: &[SocketAddr]) -> CollectSection {
    let listen = addresses.iter().map(|address| ListenSection::at(&address.to_string()));
    CollectSection { listen: listen.collect(), ..CollectSection::default() }
}

fn configure(collector: &mut Collector, section: &CollectSection) {
    collector.receiver.configure(section, HashSet::new()).unwrap();
}

#[test]
fn listeners_come_and_go_and_the_others_receive_on() {
    let [first, second, third] = [free(), free(), free()];
    let mut collector = Collector::start(|section| section.listen = at(&[first, second]).listen);
    sender(first).send(&v9(1, 20)).unwrap();
    sender(second).send(&v9(1, 20)).unwrap();
    let received = |collector: &Collector| {
        let listeners = collector.receiver.listeners();
        listeners.iter().map(|listener| (listener.address, listener.counters.queued)).collect::<Vec<_>>()
    };
    wait_for("both", || received(&collector) == [(first, 1), (second, 1)]);
    configure(&mut collector, &at(&[third, second]));
    assert_eq!(received(&collector), [(third, 0), (second, 1)]);
    // The address that was left is free.
    drop(UdpSocket::bind(first).unwrap());
    sender(third).send(&v9(2, 20)).unwrap();
    sender(second).send(&v9(3, 20)).unwrap();
    wait_for("the new and the old one", || received(&collector) == [(third, 1), (second, 2)]);
    // The same address with other threads.
    let mut section = at(&[third]);
    section.listen[0].workers = 2;
    section.listen.push(tcp());
    configure(&mut collector, &section);
    sender(third).send(&v9(4, 20)).unwrap();
    wait_for("the other one", || received(&collector)[0] == (third, 1));
    let numbers: HashSet<u16> = collector.receiver.listeners().iter().map(|known| known.number).collect();
    assert_eq!(numbers.len(), 2);
    let (_, kept) = collector.stop();
    assert_eq!(kept.len(), 5);
}

#[test]
fn an_address_that_is_not_free_changes_nothing() {
    let [first, other] = [free(), free()];
    let taken = UdpSocket::bind(other).unwrap();
    let mut collector = Collector::start(|section| section.listen = at(&[first]).listen);
    let section = CollectSection { allow: vec!["192.0.2.1".to_owned()], ..at(&[other]) };
    let refused = collector.receiver.configure(&section, HashSet::new()).unwrap_err().to_string();
    assert!(refused.contains(&other.to_string()), "{refused}");
    sender(first).send(&v9(1, 20)).unwrap();
    wait_for("a datagram", || collector.counters().queued == 1);
    drop(taken);
    configure(&mut collector, &section);
    sender(other).send(&v9(1, 20)).unwrap();
    wait_for("a refusal", || collector.counters().refused_for(Refusal::NotAllowed) == 1);
    let senders: Vec<_> = collector.listener(0).senders.of(Refusal::NotAllowed).collect();
    assert_eq!(senders, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
}

#[test]
fn who_may_send_and_where_it_is_sent_on_change() {
    let listen = free();
    let mut collector = Collector::start(|section| section.listen = at(&[listen]).listen);
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    other.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let to = other.local_addr().unwrap().to_string();
    let forward = vec![ForwardSection { to, exporters: Vec::new() }];
    configure(&mut collector, &CollectSection { forward, ..at(&[listen]) });
    let sender = sender(listen);
    sender.send(&v9(1, 20)).unwrap();
    let mut buffer = [0; 100];
    other.recv_from(&mut buffer).unwrap();
    let allow = vec!["192.0.2.0/24".to_owned()];
    wait_for("a datagram", || collector.counters().queued == 1);
    configure(&mut collector, &CollectSection { allow, ..at(&[listen]) });
    sender.send(&v9(3, 20)).unwrap();
    wait_for("a refusal", || collector.counters().refused_for(Refusal::NotAllowed) == 1);
    assert!(collector.receiver.forwards().is_empty());
}
