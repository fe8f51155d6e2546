//! What did not arrive, and what cannot be read.

use flowql_decode::sflow::{Loss, MAX_AGENTS, MAX_SOURCES};

use super::datagrams::*;
use super::packets::{mapped, v6};
use super::*;

fn packet() -> Vec<u8> {
    header(11, 40, 0, &super::packets::Ipv4::new(6).with(&super::packets::tcp(2)))
}

/// The loss of an exporter that has sent datagrams of these numbers.
fn loss(numbers: &[u32]) -> Loss {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    for number in numbers {
        exporter.read(&datagram(*number, &[])).expect("a header");
    }
    exporter.session.loss
}

#[test]
fn the_header() {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    let header = exporter.read(&datagram_of(&v6(7), 11, &[flow(&[packet()])])).expect("a header");
    assert_eq!(header, Header { agent: v6(7), sub_agent: 3, sequence: 11, uptime: 60_000, samples: 1 });
    assert_eq!(exporter.seen.rows[0].exporter_address, v6(7));
    let unknown = [words(&[5, 0, 3, 11, 60_000]), list(&[flow(&[packet()])])].concat();
    assert_eq!(exporter.read(&unknown).map(|header| header.agent), Ok([0; 16]));
}

#[test]
fn datagrams_that_are_lost_or_late() {
    assert_eq!(loss(&[5, 6, 7]), Loss::default());
    assert_eq!(loss(&[u32::MAX, 0, 1]), Loss::default());
    assert_eq!(loss(&[5, 8, 9]), Loss { datagrams: 2, ..Loss::default() });
    assert_eq!(loss(&[5, 7, 6, 8]), Loss { late: 1, ..Loss::default() });
    assert_eq!(loss(&[5, 8, 6, 9]), Loss { datagrams: 1, late: 1, ..Loss::default() });
    assert_eq!(loss(&[100_000, 1, 2, 3]), Loss { restarts: 1, ..Loss::default() });
}

#[test]
fn agents_count_for_themselves() {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    for number in 1..4 {
        for agent in 0..MAX_AGENTS as u8 {
            exporter
                .read(&datagram_of(&[10, 0, 0, agent], number * 100 + u32::from(agent), &[]))
                .expect("a header");
        }
    }
    assert_eq!(exporter.session.loss.datagrams, 99 * 2 * MAX_AGENTS as u64);
    assert_eq!(exporter.session.loss.not_followed, 0);
    // One more is stored, and not followed.
    for number in [1, 100] {
        exporter.read(&datagram(number, &[flow(&[packet()])])).expect("a header");
    }
    assert_eq!((exporter.session.loss.not_followed, exporter.seen.rows.len()), (2, 2));
    assert_eq!(exporter.seen.rows[1].exporter_address, mapped(AGENT));
}

#[test]
fn drops() {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    let mut read = |samples: &[Vec<u8>]| {
        exporter.read(&datagram(1, samples)).expect("a header");
        exporter.session.loss.drops
    };
    let flow = |drops| flow_with(drops, [7, 8], &[packet()]);
    assert_eq!(read(&[flow(100)]), 0, "the first is where counting begins");
    assert_eq!(read(&[flow(103), flow(104)]), 4);
    assert_eq!(read(&[discard(50, [7, 0], 0, &[packet()])]), 4, "discards have their own");
    assert_eq!(read(&[discard(51, [7, 0], 0, &[packet()])]), 5);
    assert_eq!(read(&[flow(2)]), 5, "the agent began again");
    assert_eq!(read(&[flow(u32::MAX)]), 5, "late, or again");
    assert_eq!(read(&[flow(1)]), 7, "beyond 32 bits");
}

#[test]
fn sources_are_bounded() {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    let sources = MAX_SOURCES as u32 + 10;
    for source in (0..sources).rev() {
        let start = words(&[9, source, 1, 1, 0, 7, 8]);
        let sample = record(1, &[start, list(&[packet()])].concat());
        exporter.read(&datagram(sources - source, &[sample])).expect("a header");
    }
    assert_eq!(exporter.session.loss, Loss { not_followed: 10, ..Loss::default() });
    assert_eq!(exporter.seen.rows.len() as u32, sources);
}

#[test]
fn headers_that_cannot_be_read() {
    let whole = datagram(1, &[flow(&[packet()])]);
    for (bytes, reason) in [
        (&[][..], Reason::ShortHeader),
        (&whole[..27], Reason::ShortHeader),
        (&words(&[4, 1, 2, 3, 4, 5, 6, 7, 8]), Reason::UnknownProtocol),
        (&words(&[5, 3, 2, 3, 4, 5, 6, 7, 8]), Reason::ShortHeader),
    ] {
        let mut exporter = Exporter::new(TunnelMode::Outer);
        assert_eq!(exporter.read(bytes), Err(reason));
        assert_eq!(exporter.session.counters.refused(reason), 1);
    }
}

#[test]
fn samples_that_cannot_be_read() {
    let good = flow(&[packet()]);
    let read = |samples: &[u8], count: u32| {
        let mut exporter = Exporter::new(TunnelMode::Outer);
        let head = [words(&[5, 1]), AGENT.to_vec(), words(&[3, 1, 60_000, count])].concat();
        exporter.read(&[&head, samples].concat()).expect("a header");
        exporter.check_tally();
        let refused =
            Reason::ALL.iter().copied().filter(|&reason| exporter.session.counters.refused(reason) > 0);
        (exporter.seen.rows.len(), exporter.session.tally.malformed, refused.collect::<Vec<_>>())
    };
    let none = Vec::new();
    assert_eq!(read(&good, 1), (1, 0, none.clone()));
    assert_eq!(read(&[good.clone(), vec![0; 8]].concat(), 1), (1, 0, none), "more than is said");
    assert_eq!(read(&good, 2), (1, 0, vec![Reason::Count]));
    assert_eq!(read(&good, u32::MAX), (1, 0, vec![Reason::Count]));
    let cut = [&good[..], &good[..60]].concat();
    assert_eq!(read(&cut, 2), (1, 1, vec![Reason::SetLength]));
    let short = [record(1, &[0; 20]), good.clone()].concat();
    assert_eq!(read(&short, 2), (1, 1, vec![Reason::Record]), "a sample shorter than its start");
    let start = words(&[9, 7, 512, 5120, 0, 7, 8]);
    let fewer = record(1, &[start.clone(), words(&[2]), packet()].concat());
    assert_eq!(
        read(&[fewer, good.clone()].concat(), 2),
        (1, 1, vec![Reason::Record]),
        "fewer records than said"
    );
    let longer = record(1, &[start, words(&[1, 1, 4_000_000_000, 0, 0])].concat());
    assert_eq!(
        read(&[longer, good.clone()].concat(), 2),
        (1, 1, vec![Reason::Record]),
        "a record beyond its sample"
    );
    // A cut record says nothing; the others of its sample do.
    let partly = flow(&[record(1002, &words(&[1, 0, 24])), packet()]);
    assert_eq!(read(&partly, 1), (1, 0, vec![Reason::Record]));
    let path_without_end = flow(&[record(1003, &words(&[0, 1, 2, 3, 1, 2, 1_073_741_824, 5])), packet()]);
    assert_eq!(read(&path_without_end, 1), (1, 0, vec![Reason::Record]));
    let cut_counters = counters(&[record(1, &[0; 80]), interface(9)]);
    assert_eq!(read(&cut_counters, 1), (0, 0, vec![Reason::Record]));
}
