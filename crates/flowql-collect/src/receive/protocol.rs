//! Which protocols a listener takes.

pub use flowql_decode::Protocol;

use crate::ListenProtocol;

impl ListenProtocol {
    /// Whether a listener takes datagrams of a protocol.
    pub(crate) fn takes(self, protocol: Protocol) -> bool {
        match self {
            Self::Auto => true,
            Self::Netflow => protocol != Protocol::Sflow,
            Self::Sflow => protocol == Protocol::Sflow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_takes_what_it_is_for() {
        use Protocol::*;
        for protocol in [NetflowV1, NetflowV5, NetflowV7, NetflowV9, Ipfix, Sflow] {
            let taken = [ListenProtocol::Auto, ListenProtocol::Netflow, ListenProtocol::Sflow];
            let taken = taken.map(|listen| listen.takes(protocol));
            assert_eq!(taken, [true, protocol != Sflow, protocol == Sflow], "{protocol:?}");
        }
    }
}
