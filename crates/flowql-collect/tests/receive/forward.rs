//! Datagrams that are sent on to another collector.

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use flowql_collect::{ForwardSection, ListenSection};

use crate::support::{Collector, sender, v9, wait_for};

/// The other collector.
fn other(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket
}

fn get(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let (length, source) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(length);
    (buffer, source)
}

fn to(socket: &UdpSocket, exporters: &[&str]) -> ForwardSection {
    let exporters = exporters.iter().map(|text| (*text).to_owned()).collect();
    ForwardSection { to: socket.local_addr().unwrap().to_string(), exporters }
}

#[test]
fn what_is_taken_is_sent_on_from_this_machine_where_the_source_cannot_be_kept() {
    let (all, some, v6) = (other("127.0.0.1:0"), other("127.0.0.1:0"), other("[::1]:0"));
    let forward = vec![to(&all, &[]), to(&some, &["192.0.2.0/24"]), to(&v6, &["127.0.0.1"])];
    let collector = Collector::start(|section| section.forward = forward);
    // Its address and port are in use: nobody else can have them.
    let sender = sender(collector.address(0));
    let sent = [v9(1, 20), v9(2, 1400), v9(3, 60_000)];
    sender.send(b"noise").unwrap();
    for datagram in &sent {
        sender.send(datagram).unwrap();
    }
    for socket in [&all, &v6] {
        for datagram in &sent {
            let (bytes, source) = get(socket);
            assert!(bytes == *datagram && source != sender.local_addr().unwrap());
        }
    }
    wait_for("the counters", || {
        collector.receiver.forwards().iter().map(|forward| forward.sent).sum::<u64>() == 6
    });
    let forwards = collector.receiver.forwards();
    let counted = forwards.iter().map(|forward| (forward.sent, forward.failed, forward.source_lost));
    assert_eq!(counted.collect::<Vec<_>>(), [(3, 0, true), (0, 0, false), (3, 0, true)]);
    let (listeners, _) = collector.stop();
    assert_eq!((listeners[0].counters.queued, listeners[0].counters.received), (3, 4));
}

#[test]
fn a_collector_that_is_gone_is_no_trouble() {
    let gone = to(&other("127.0.0.1:0"), &[]);
    let collector = Collector::start(|section| section.forward = vec![gone]);
    let sender = sender(collector.address(0));
    for number in 0..10 {
        sender.send(&v9(number, 20)).unwrap();
        collector.wait_received(u64::from(number) + 1);
    }
    let forwards = || collector.receiver.forwards()[0];
    wait_for("the counters", || forwards().sent + forwards().failed == 10);
    let (_, kept) = collector.stop();
    assert_eq!(kept.len(), 10);
}

/// What the test below is in when it is in its network.
const INSIDE: &str = "FLOWQL_FORWARD_INSIDE";
const NAME: &str = "forward::the_source_is_kept_between_networks";
/// A network with the collector, and one with a router, then a command in the first.
const NETWORKS: &str = "mount -t tmpfs none /run && ip netns add router && ip link set lo up \
    && ip link add veth0 type veth peer name veth1 netns router \
    && ip address add 192.0.2.1/24 dev veth0 && ip link set veth0 up \
    && ip -n router address add 192.0.2.9/24 dev veth1 && ip -n router link set veth1 up && exec \"$@\"";
/// What the router sends: NetFlow v9 of 20 bytes.
const SEND: &str = r"printf '\x00\x09\x00\x01AAAABBBBCCCCDDDD' > /dev/udp/192.0.2.1/";

#[test]
fn the_source_is_kept_between_networks() {
    if std::env::var_os(INSIDE).is_some() {
        inside();
        return;
    }
    let networks = |program: &str, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", "--mount", "sh", "-c", NETWORKS, "sh", program]);
        command.args(arguments).env(INSIDE, "").output()
    };
    if !networks("true", &[]).is_ok_and(|output| output.status.success()) {
        println!("skipped: a user may not make networks here");
        return;
    }
    let program = std::env::current_exe().unwrap();
    let output = networks(program.to_str().unwrap(), &[NAME, "--exact", "--nocapture"]).unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn inside() {
    let other = other("192.0.2.1:0");
    let collector = Collector::start(|section| {
        section.listen = vec![ListenSection::at("192.0.2.1:0")];
        section.forward = vec![to(&other, &["192.0.2.9"])];
    });
    let send = format!("{SEND}{}", collector.address(0).port());
    for sent in 1..=3 {
        let router =
            Command::new("ip").args(["netns", "exec", "router", "bash", "-c", &send]).status().unwrap();
        assert!(router.success());
        collector.wait_received(sent);
        let (bytes, source) = get(&other);
        let kept = collector.queue.kept().pop().unwrap();
        assert_eq!((kept.bytes.as_ref(), kept.source), (Some(&bytes), source));
        assert_eq!(source.ip().to_string(), "192.0.2.9");
    }
    assert!(!collector.receiver.forwards()[0].source_lost);
}
