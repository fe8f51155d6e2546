//! Headers of transport protocols, of which only the beginning matters.

use super::Frame;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
const DCCP: u8 = 33;
pub(super) const ICMPV6: u8 = 58;
const SCTP: u8 = 132;
const UDP_LITE: u8 = 136;

/// Reads the header of the protocol that the frame has: ports, flags, type and code.
#[inline]
pub(super) fn read(frame: &mut Frame, bytes: &[u8]) {
    match frame.proto {
        TCP => {
            ports(frame, bytes);
            if let Some([.., high, low]) = bytes.first_chunk::<14>() {
                frame.tcp_flags = u16::from_be_bytes([high & 0x0f, *low]);
            }
        }
        UDP | UDP_LITE | SCTP | DCCP => ports(frame, bytes),
        ICMP | ICMPV6 => {
            if let Some([kind, code]) = bytes.first_chunk() {
                frame.icmp_type = *kind;
                frame.icmp_code = *code;
            }
        }
        _ => {}
    }
}

fn ports(frame: &mut Frame, bytes: &[u8]) {
    if let Some([s0, s1, d0, d1]) = bytes.first_chunk() {
        frame.src_port = u16::from_be_bytes([*s0, *s1]);
        frame.dst_port = u16::from_be_bytes([*d0, *d1]);
    }
}
