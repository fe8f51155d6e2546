//! What is known of the addresses of rows: their routes, their AS, and the networks and places that they are in. The columns
//! of what was decoded are completed here; what a flow says itself is kept, but for its AS, where `asn_from` has the word.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use flowql_bmp::RpkiState;
use flowql_client::native::Block;
use flowql_decode::{Columns, Field, TextId, Texts};
use flowql_enrich::networks::{Fact, Table};

use super::names::Numbered;
use super::plan::PlannedColumn;
use crate::asn::{self, AsnFrom, AsnSource};
use crate::bmp::{AddressTables, FlowRoute};

/// An end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Source,
    Destination,
}

/// What is known of the address of an end, in columns that the decoder has nothing for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressFact {
    /// The communities of the route.
    Communities,
    /// Its large communities.
    LargeCommunities,
    /// Its state by RPKI.
    Rpki,
    /// What is known of the network.
    Network(Fact),
}

impl AddressFact {
    /// The fact that a column has, and of which end.
    pub(crate) fn of(column: &str) -> Option<(End, Self)> {
        let source = column.strip_prefix("Src").map(|rest| (End::Source, rest));
        let (end, rest) = source.or_else(|| Some((End::Destination, column.strip_prefix("Dst")?)))?;
        let fact = match rest {
            // The decoder has those of the destination.
            "Communities" if end == End::Source => Self::Communities,
            "LargeCommunities" => Self::LargeCommunities,
            "RPKI" => Self::Rpki,
            "NetName" => Self::Network(Fact::Name),
            "NetRole" => Self::Network(Fact::Role),
            "NetSite" => Self::Network(Fact::Site),
            "NetRegion" => Self::Network(Fact::Region),
            "NetTenant" => Self::Network(Fact::Tenant),
            "Country" => Self::Network(Fact::Country),
            "GeoCity" => Self::Network(Fact::City),
            "GeoState" => Self::Network(Fact::State),
            _ => return None,
        };
        Some((end, fact))
    }
}

impl End {
    /// The fields of its address, its AS, the length of its prefix, and the AS of the neighbour on the way.
    const fn fields(self) -> [Field; 4] {
        match self {
            Self::Source => [Field::SrcAddr, Field::SrcAS, Field::SrcNetMask, Field::SrcPeerAS],
            Self::Destination => [Field::DstAddr, Field::DstAS, Field::DstNetMask, Field::DstPeerAS],
        }
    }

    /// The field of its address.
    const fn address(self) -> Field {
        let [address, ..] = self.fields();
        address
    }
}

/// The fields by which a flow is looked up.
pub(crate) const LOOKED_UP: [Field; 5] =
    [Field::ExporterAddress, Field::SrcAddr, Field::DstAddr, Field::NextHop, Field::InVRF];

/// What is asked of the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    exporter: [u8; 16],
    vrf: TextId,
    address: [u8; 16],
    next_hop: [u8; 16],
}

/// What is known of the addresses of rows.
#[derive(Debug)]
pub(crate) struct RowAddresses {
    routes: [Numbered<Option<FlowRoute>>; 2],
    networks: Arc<Table>,
}

impl RowAddresses {
    /// What is known of the addresses of rows, which are [settled](Columns::settle); what they lack is put into them.
    pub(crate) fn complete(
        tables: &AddressTables,
        asn_from: &[AsnFrom],
        rows: &mut Columns,
        texts: &Texts,
    ) -> Self {
        let has_routes = tables.routes().has_routers();
        let look = |end| match has_routes {
            true => routes(tables, end, rows, texts),
            false => Numbered { numbers: Vec::new(), values: Vec::new() },
        };
        let routes = [End::Source, End::Destination].map(look);
        let this = Self { routes, networks: tables.networks() };
        for end in [End::Source, End::Destination] {
            this.complete_end(end, asn_from, rows);
        }
        let path = |row| this.route(End::Destination, row).map_or(&[][..], |route| &route.attributes.as_path);
        rows.fill_lists(Field::DstASPath, path);
        let communities =
            |row| this.route(End::Destination, row).map_or(&[][..], |route| &route.attributes.communities);
        rows.fill_lists(Field::DstCommunities, communities);
        rows.fill_addresses(Field::NextHop, |row| {
            let next_hop = this.route(End::Destination, row).and_then(|route| route.attributes.next_hop);
            next_hop.map(octets).unwrap_or_default()
        });
        this
    }

    fn complete_end(&self, end: End, asn_from: &[AsnFrom], rows: &mut Columns) {
        let [address, asn, mask, peer] = end.fields();
        // The rows are both read and written.
        let addresses: Vec<u128> = match self.networks.is_empty() {
            true => Vec::new(),
            false => (0..rows.rows()).map(|row| u128::from_be_bytes(rows.address(address, row))).collect(),
        };
        let network = |row: usize| addresses.get(row).map(|address| self.networks.lookup_bits(*address));
        rows.map_numbers(asn, |row, sent| {
            let known = asn::choose(asn_from, |source| match source {
                AsnSource::Flow => u32::try_from(sent).unwrap_or_default(),
                AsnSource::Routes => self.route(end, row).map_or(0, |route| route.origin),
                AsnSource::Networks => network(row).map_or(0, |network| network.asn()),
                AsnSource::Geoip => network(row).map_or(0, |network| network.geoip_asn()),
            });
            known.into()
        });
        let or_of_route = |row, sent, value: fn(&FlowRoute) -> u64| match sent {
            0 => self.route(end, row).map_or(0, value),
            sent => sent,
        };
        rows.map_numbers(mask, |row, sent| or_of_route(row, sent, |route| route.length.into()));
        rows.map_numbers(peer, |row, sent| {
            or_of_route(row, sent, |route| {
                route.attributes.as_path.first().copied().unwrap_or_default().into()
            })
        });
    }

    fn route(&self, end: End, row: usize) -> Option<&FlowRoute> {
        let [source, destination] = &self.routes;
        let routes = if end == End::Source { source } else { destination };
        routes.get(*routes.numbers.get(row)?)?.as_ref()
    }

    /// Whether some row may have a value.
    pub(crate) fn has(&self, end: End, fact: AddressFact) -> bool {
        let [source, destination] = &self.routes;
        let routes = if end == End::Source { source } else { destination };
        match fact {
            AddressFact::Network(_) => !self.networks.is_empty(),
            AddressFact::Rpki => routes.values.iter().flatten().any(|route| route.rpki.is_some()),
            AddressFact::Communities | AddressFact::LargeCommunities => {
                routes.values.iter().any(Option::is_some)
            }
        }
    }

    /// The bytes of a column's values, those of numbers in little-endian order; none where nothing is known.
    pub(crate) fn bytes(&self, (end, fact): (End, AddressFact), rows: &Columns) -> Numbered<Vec<u8>> {
        let [source, destination] = &self.routes;
        let routes = if end == End::Source { source } else { destination };
        let of_routes = |value: fn(&FlowRoute) -> Vec<u8>| Numbered {
            numbers: routes.numbers.clone(),
            values: routes.values.iter().map(|route| route.as_ref().map(value).unwrap_or_default()).collect(),
        };
        match fact {
            AddressFact::Network(fact) => {
                let address = |row| u128::from_be_bytes(rows.address(end.address(), row));
                let ids = (0..rows.rows()).map(|row| self.networks.id_of_bits(address(row)));
                Numbered::of(ids).map(|id| self.networks.network(id).get(fact).as_bytes().to_vec())
            }
            AddressFact::Rpki => {
                of_routes(|route| route.rpki.map(|state| rpki(Some(state))).into_iter().collect())
            }
            AddressFact::Communities => of_routes(|route| {
                route.attributes.communities.iter().copied().flat_map(u32::to_le_bytes).collect()
            }),
            AddressFact::LargeCommunities => of_routes(|route| {
                route.attributes.large_communities.iter().copied().flat_map(large).collect()
            }),
        }
    }

    /// Writes a column.
    pub(crate) fn write(
        &self,
        block: &mut Block,
        column: &PlannedColumn,
        (end, fact): (End, AddressFact),
        rows: &Columns,
    ) {
        let (name, kind) = (column.name.as_str(), column.kind.to_string());
        let routes = (0..rows.rows()).map(|row| self.route(end, row));
        match fact {
            AddressFact::Communities => {
                let values =
                    routes.map(|route| route.map_or(&[][..], |route| &*route.attributes.communities));
                block.arrays(name, &kind, values, u32::to_le_bytes);
            }
            AddressFact::LargeCommunities => {
                let values =
                    routes.map(|route| route.map_or(&[][..], |route| &*route.attributes.large_communities));
                block.arrays(name, &kind, values, large);
            }
            AddressFact::Rpki => {
                block.fixed(name, &kind, routes.map(|route| [rpki(route.and_then(|route| route.rpki))]));
            }
            AddressFact::Network(fact) => {
                let address = |row| u128::from_be_bytes(rows.address(end.address(), row));
                let ids = (0..rows.rows()).map(|row| self.networks.id_of_bits(address(row)));
                let text = |id| self.networks.network(id).get(fact);
                if fact == Fact::Country {
                    block.fixed(name, &kind, ids.map(|id| country(text(id))));
                } else {
                    block.few_numbered(name, ids, text);
                }
            }
        }
    }
}

/// The routes to an end of each row, or back to it.
fn routes(tables: &AddressTables, end: End, rows: &Columns, texts: &Texts) -> Numbered<Option<FlowRoute>> {
    let asked = (0..rows.rows()).map(|row| Asked {
        exporter: rows.address(Field::ExporterAddress, row),
        vrf: TextId(u32::try_from(rows.number(Field::InVRF, row)).unwrap_or_default()),
        address: rows.address(end.address(), row),
        // It leads to the destination.
        next_hop: match end {
            End::Source => [0; 16],
            End::Destination => rows.address(Field::NextHop, row),
        },
    });
    Numbered::of(asked).map(|Asked { exporter, vrf, address, next_hop }| {
        let next_hop = (next_hop != [0; 16]).then(|| ip(next_hop));
        tables.route(ip(exporter), texts.text(vrf), ip(address), next_hop)
    })
}

fn ip(octets: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(octets).to_canonical()
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// A large community as the database has it: first × 2^64 + second × 2^32 + third.
fn large([first, second, third]: [u32; 3]) -> [u8; 16] {
    (u128::from(first) << 64 | u128::from(second) << 32 | u128::from(third)).to_le_bytes()
}

/// The number of a state in the columns `SrcRPKI` and `DstRPKI`.
const fn rpki(state: Option<RpkiState>) -> u8 {
    match state {
        None => 0,
        Some(RpkiState::Valid) => 1,
        Some(RpkiState::Invalid) => 2,
        Some(RpkiState::NotFound) => 3,
    }
}

/// A country as the database has it: two letters, or two zeros.
fn country(text: &str) -> [u8; 2] {
    text.as_bytes().first_chunk().copied().unwrap_or_default()
}
