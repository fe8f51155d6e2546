use super::*;

/// Every datagram of a file, given in pieces of a size.
fn read(file: &[u8], piece: usize) -> Result<(Vec<Packet>, CaptureCounters), CaptureError> {
    let (mut reader, mut packets) = (Reader::default(), Vec::new());
    let (mut start, mut end) = (0, piece.min(file.len()));
    loop {
        match reader.step(&file[start..end])? {
            Step::More if end == file.len() => return Ok((packets, reader.counters())),
            Step::More => end = (end + piece).min(file.len()),
            Step::Used(length) => start += length,
            Step::Packet(length, packet) => {
                packets.push(packet);
                start += length;
            }
        }
    }
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 8;
    [&[0x1F, 0x90, 0x08, 0x07][..], &length.to_be_bytes(), &[0, 0], payload].concat()
}

/// An IPv4 packet with a part of what it carries.
fn ipv4(payload: &[u8], place: u16) -> Vec<u8> {
    let total = payload.len() as u16 + 20;
    let head =
        [&[0x45, 0][..], &total.to_be_bytes(), &[0, 9], &place.to_be_bytes(), &[64, 17, 0, 0]].concat();
    [&head[..], &[192, 0, 2, 1, 192, 0, 2, 2], payload].concat()
}

fn ipv6(payload: &[u8], next: u8) -> Vec<u8> {
    let mut head = vec![0x60, 0, 0, 0];
    head.extend((payload.len() as u16).to_be_bytes());
    head.extend([next, 64]);
    head.extend([0x20; 16]);
    head.extend([0x30; 16]);
    [&head[..], payload].concat()
}

fn ethernet(packet: &[u8], etype: u16, tags: &[u16]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for tag in tags {
        frame.extend(tag.to_be_bytes());
        frame.extend([0, 7]);
    }
    frame.extend(etype.to_be_bytes());
    [&frame[..], packet].concat()
}

fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0].to_vec();
    file.extend([0; 12]);
    file.extend(link.to_le_bytes());
    for packet in packets {
        file.extend(
            [10_u32, 500_000, packet.len() as u32, packet.len() as u32].map(u32::to_le_bytes).concat(),
        );
        file.extend(packet);
    }
    file
}

fn payloads(file: &[u8]) -> Vec<Vec<u8>> {
    let (packets, _) = read(file, 7).unwrap();
    packets.into_iter().map(|packet| packet.payload).collect()
}

#[test]
fn every_link_type_is_read() {
    let packet = ipv4(&udp(b"flows"), 0);
    let cooked = [&[0; 14][..], &[8, 0], &packet].concat();
    let cooked_tagged = [&[0; 14][..], &[0x81, 0, 0, 7, 8, 0], &packet].concat();
    let cooked_v2 = [&[8, 0][..], &[0; 18], &packet].concat();
    let files = [
        pcap(1, &[ethernet(&packet, 0x0800, &[])]),
        pcap(1, &[ethernet(&packet, 0x0800, &[0x88A8, 0x8100])]),
        pcap(1, &[ethernet(&ipv6(&udp(b"flows"), 17), 0x86DD, &[])]),
        pcap(113, &[cooked]),
        pcap(113, &[cooked_tagged]),
        pcap(276, &[cooked_v2]),
        pcap(101, std::slice::from_ref(&packet)),
        pcap(0, &[[&[2, 0, 0, 0][..], &packet].concat()]),
    ];
    for file in files {
        assert_eq!(payloads(&file), [b"flows"]);
    }
    let (packets, _) = read(&pcap(101, &[packet]), 1_000).unwrap();
    assert_eq!(packets[0].time, 10_500_000_000);
    assert_eq!(packets[0].source, "192.0.2.1:8080".parse().unwrap());
    assert_eq!(packets[0].destination, "192.0.2.2:2055".parse().unwrap());
}

#[test]
fn fragments_are_put_together() {
    let whole = udp(&[7; 40]);
    let (first, second, third) = (&whole[..16], &whole[16..32], &whole[32..]);
    let more = 0x2000;
    let packets = [ipv4(third, 4), ipv4(first, more), ipv4(second, 2 | more)];
    assert_eq!(payloads(&pcap(101, &packets)), [[7; 40]]);
    let (none, counters) = read(&pcap(101, &packets[..2]), 99).unwrap();
    assert_eq!((none.len(), counters), (0, CaptureCounters { skipped: 0, fragments: 2 }));

    let fragment = |bytes: &[u8], place: u16| {
        let head = [&[17, 0][..], &place.to_be_bytes(), &[0, 0, 0, 5]].concat();
        ipv6(&[&head[..], bytes].concat(), 44)
    };
    let packets = [fragment(first, 1), fragment(&whole[16..], 16)];
    assert_eq!(payloads(&pcap(101, &packets)), [[7; 40]]);
}

#[test]
fn what_is_not_udp_is_counted() {
    let mut tcp = ipv4(&udp(b"flows"), 0);
    tcp[9] = 6;
    let cut = ipv4(&udp(b"flows"), 0)[..20].to_vec();
    let (packets, counters) = read(&pcap(101, &[tcp, cut, vec![]]), 50).unwrap();
    assert_eq!((packets.len(), counters.skipped), (0, 3));
    assert_eq!(read(&pcap(147, &[ipv4(&udp(b"flows"), 0)]), 50).unwrap().1.skipped, 1);
}

#[test]
fn pcapng_has_sections_and_interfaces() {
    fn block(kind: u32, body: &[u8], little: bool) -> Vec<u8> {
        let bytes = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let body = [body, &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
        let length = bytes(body.len() as u32 + 12);
        [&bytes(kind)[..], &length, &body, &length].concat()
    }
    let packet = ipv4(&udp(b"flows"), 0);
    for little in [true, false] {
        let bytes = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let short = |number: u16| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let section = [&bytes(0x1A2B_3C4D)[..], &[0; 12]].concat();
        // Nanoseconds, by the option 9.
        let options = [&short(9)[..], &short(1), &[9, 0, 0, 0]].concat();
        let interface = [&short(101)[..], &[0; 6], &options].concat();
        let time = 12_500_000_000_u64;
        let (high, low) = ((time >> 32) as u32, time as u32);
        let length = packet.len() as u32;
        let head = [0, high, low, length, length].map(bytes).concat();
        let file = [
            block(0x0A0D_0D0A, &section, little),
            block(1, &interface, little),
            block(6, &[&head[..], &packet].concat(), little),
            block(5, &[0; 8], little),
        ];
        let (packets, counters) = read(&file.concat(), 9).unwrap();
        assert_eq!((packets.len(), counters.skipped), (1, 0));
        assert_eq!((packets[0].time, &packets[0].payload[..]), (time, &b"flows"[..]));
    }
}

#[test]
fn damaged_files_are_refused() {
    assert_eq!(read(b"GIF89a", 9).unwrap_err(), CaptureError::Unknown);
    let mut file = pcap(101, &[vec![0; 20]]);
    file[24 + 11] = 0xFF;
    assert_eq!(read(&file, 99).unwrap_err(), CaptureError::Length);
    let block = [0x0A, 0x0D, 0x0D, 0x0A, 4, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A];
    assert_eq!(read(&block, 99).unwrap_err(), CaptureError::Length);
}
