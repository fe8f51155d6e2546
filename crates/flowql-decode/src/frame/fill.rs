//! A frame as a row.

use super::{Frame, transport};
use crate::Row;

impl Frame {
    /// Gives a row what the headers say, where it has nothing yet: its own values, counters among them, go before.
    #[inline]
    pub fn fill(&self, row: &mut Row) {
        macro_rules! fill {
            ($($member:ident = $value:expr;)*) => {
                $(if row.$member == 0 {
                    row.$member = $value;
                })*
            };
        }
        fill! {
            bytes = self.bytes;
            src_mac = self.src_mac;
            dst_mac = self.dst_mac;
            src_vlan = self.vlan;
            etype = self.ether_type.into();
            proto = self.proto.into();
            ip_tos = self.tos;
            ip_ttl = self.ttl;
            ipv6_flow_label = self.flow_label;
            ip_fragment_id = self.fragment_id;
            ip_fragment_offset = self.fragment_offset;
            src_port = self.src_port;
            dst_port = self.dst_port;
            tcp_flags = self.tcp_flags;
            tunnel_id = self.tunnel_id;
            tunnel_type = self.tunnel_type as u8;
        }
        self.fill_addresses(row);
        let labels = self.labels.as_slice();
        if !labels.is_empty() && row.mpls_labels.is_empty() {
            row.mpls_labels.extend_from_slice(labels);
        }
        match self.proto {
            transport::ICMP => {
                fill! {
                    icmpv4_type = self.icmp_type;
                    icmpv4_code = self.icmp_code;
                }
            }
            transport::ICMPV6 => {
                fill! {
                    icmpv6_type = self.icmp_type;
                    icmpv6_code = self.icmp_code;
                }
            }
            _ => {}
        }
    }

    fn fill_addresses(&self, row: &mut Row) {
        let pairs = [
            (&mut row.src_addr, self.src_addr),
            (&mut row.dst_addr, self.dst_addr),
            (&mut row.outer_src_addr, self.outer_src_addr),
            (&mut row.outer_dst_addr, self.outer_dst_addr),
        ];
        for (address, value) in pairs {
            if *address == [0; 16] {
                *address = value;
            }
        }
    }
}
