//! Datagrams on the wire.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use flowql_simulate::{Network, Scenario, Sender, Settings, Simulation, loopback};

use super::NOW;

#[test]
fn exporters_have_addresses_of_their_own_and_change_ports() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut sender = Sender::new(receiver.local_addr().unwrap());
    let network = Network::new(1);
    let settings = Settings { scenarios: vec![Scenario::Restarts], ..Settings::default() };
    let mut simulation = Simulation::new(&network, &settings, NOW).unwrap();
    let mut sources = BTreeSet::new();
    let mut ready = Vec::new();
    let mut buffer = [0; 2048];
    for second in 0..45 {
        simulation.step(NOW + second * 1000, &mut ready);
        for datagram in ready.drain(..) {
            sender.send(&datagram).unwrap();
            // One at a time, so that none is lost.
            let (length, source) = receiver.recv_from(&mut buffer).unwrap();
            assert_eq!(buffer[..length], datagram.bytes);
            assert_eq!(source.ip(), std::net::IpAddr::from(loopback(datagram.exporter)));
            sources.insert((datagram.exporter, datagram.life, source));
        }
    }
    // Each life of an exporter has one source, and no two have the same.
    let distinct = |count: BTreeSet<String>| count.len();
    let lives = distinct(sources.iter().map(|(exporter, life, _)| format!("{exporter} {life}")).collect());
    assert_eq!(lives, sources.len());
    assert!(lives > settings.exporters.into());
}

#[test]
fn nobody_who_listens_is_not_an_error() {
    let target = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut sender = Sender::new(target);
    let network = Network::new(1);
    let mut simulation = Simulation::new(&network, &Settings::default(), NOW).unwrap();
    let mut ready = Vec::new();
    simulation.step(NOW, &mut ready);
    assert!(ready.len() > 5);
    ready.iter().for_each(|datagram| sender.send(datagram).unwrap());
    assert!(sender.refused() > 0);
}
