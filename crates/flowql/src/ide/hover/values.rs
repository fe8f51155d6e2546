//! What a value means, by the type of its column or, where that is unknown, by its looks.

use std::net::IpAddr;

use ipnet::IpNet;

use super::amounts::{addresses as addresses_in, amount};
use super::heading;
use super::markdown::{Card, code, codes, plain};
use crate::gather::Gather as _;
use crate::ide::explain::{bit_names, service_on, well_known};
use crate::tables::{Operator, Protocol, Registries, Reserved, Type, WellKnown, words};
use crate::values::intervals::{of_address, of_subnet};
use crate::values::{self, CommunityRange, text};
use crate::{Column, Community, Schema};

/// What a value means; `None` where it is no value of the type.
pub(super) fn card(
    schema: &Schema,
    column: Option<&Column>,
    operator: Option<Operator>,
    written: &str,
    quoted: bool,
) -> Option<Card> {
    let registries = schema.registries();
    let reserved = &registries.reserved;
    let kind = column.and_then(|column| column.filter_type);
    let column = column.unwrap_or(&Column::EMPTY);
    if quoted {
        return string(registries, column, operator, kind.unwrap_or(Type::String), &text::decode(written));
    }
    if matches!(operator, Some(Operator::Has | Operator::NotHas)) && kind != Some(Type::AsPath) {
        return bit(column, written);
    }
    match kind.or_else(|| looks_like(schema, written))? {
        Type::Ip | Type::Prefix => {
            let subnets = || subnet(reserved, written).or_else(|| addresses(reserved, written));
            address(reserved, written).or_else(subnets)
        }
        Type::Mac => mac(written).or_else(|| mac_prefix(written)),
        Type::String => None,
        Type::Uint | Type::UintArray => {
            integer(schema, column, written).or_else(|| integers(column, written))
        }
        Type::Asn | Type::AsPath => as_number(reserved, written).or_else(|| as_numbers(reserved, written)),
        Type::Community => community(schema, written).or_else(|| communities(written)),
        kind @ (Type::Boundary | Type::Direction | Type::EType) => word(kind, written),
        Type::Proto => protocol_number(registries, written),
    }
}

/// The type that a value is of by its looks alone.
fn looks_like(schema: &Schema, written: &str) -> Option<Type> {
    let (low, _) = values::range(written).unwrap_or((written, written));
    if values::mac(written).is_some() {
        Some(Type::Mac)
    } else if values::address(low).is_some() || values::subnet(written).is_some() {
        Some(Type::Ip)
    } else if values::integer(low).is_ok() {
        Some(Type::Uint)
    } else if values::asn(low).is_ok() {
        Some(Type::Asn)
    } else if schema.public_community(written).is_some() {
        Some(Type::Community)
    } else {
        None
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn address(reserved: &Reserved, written: &str) -> Option<Card> {
    let address = values::address(written)?;
    let mut card = Card::new(heading(code(&address.to_string()), &format!("{} address", family(address))));
    if let IpAddr::V6(v6) = address
        && let Some(v4) = v6.to_ipv4_mapped()
    {
        card.fact(&format!("IPv4-mapped (RFC 4291): it stands for {}", code(&v4.to_string())));
    }
    card.facts(reserved.address_purpose(address, address).map(str::to_owned));
    Some(card)
}

fn subnet(reserved: &Reserved, written: &str) -> Option<Card> {
    let (address, net) = values::subnet(written)?;
    let mut card = Card::new(heading(code(&net.to_string()), &format!("{} subnet", family(address))));
    let (first, last) = (code(&net.network().to_string()), code(&net.broadcast().to_string()));
    card.fact(&format!("from {first} to {last}"));
    card.fact(&addresses_in(&[of_subnet(net)]));
    if let IpNet::V4(v4) = net {
        card.fact(&format!("netmask {}", code(&v4.netmask().to_string())));
    }
    if address != net.network() {
        card.fact(&format!("the host bits of {} are ignored", code(&address.to_string())));
    }
    card.facts(reserved.address_purpose(net.network(), net.broadcast()).map(str::to_owned));
    Some(card)
}

fn addresses(reserved: &Reserved, written: &str) -> Option<Card> {
    let (low, high) = values::range(written)?;
    let (low, high) = (values::address(low)?, values::address(high)?);
    if low.is_ipv4() != high.is_ipv4() || low > high {
        return None;
    }
    let mut card = Card::new(heading(code(written), &format!("range of {} addresses", family(low))));
    card.fact(&format!("both ends are included: {}", addresses_in(&[(of_address(low), of_address(high))])));
    card.facts(reserved.address_purpose(low, high).map(str::to_owned));
    Some(card)
}

fn mac(written: &str) -> Option<Card> {
    const BROADCAST: u64 = 0xFFFF_FFFF_FFFF;
    let address = values::mac(written)?;
    let mut card = Card::new(heading(code(&values::mac_text(address)), "MAC address"));
    let first_byte = address >> 40;
    card.fact(match (address, first_byte & 1) {
        (BROADCAST, _) => "broadcast",
        (_, 1) => "multicast (the group bit is set)",
        _ => "unicast",
    });
    card.fact(match first_byte & 2 {
        2 => "locally administered",
        _ => "universally administered: its first three bytes name the vendor",
    });
    Some(card)
}

fn mac_prefix(written: &str) -> Option<Card> {
    let (_, low, high) = values::mac_prefix(written)?;
    let mut card = Card::new(heading(code(&values::mac_prefix_text(low, high)), "MAC prefix"));
    card.fact(&format!("from {} to {}", code(&values::mac_text(low)), code(&values::mac_text(high))));
    card.fact(&format!(
        "different values that it covers: {}",
        amount(&[(u128::from(low), u128::from(high))])
    ));
    Some(card)
}

fn integer(schema: &Schema, column: &Column, written: &str) -> Option<Card> {
    let number = column.number(written).ok()?;
    let unit = column.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let shown = format!("{number}{unit}");
    let mut card = Card::new(heading(code(&shown), if column.port { "port" } else { "integer" }));
    if written.starts_with("0x") || written.starts_with("0X") {
        card.fact(&format!("{} in decimal is {number}", code(written)));
    }
    card.facts(
        service_on(schema, column, number).map(|name| format!("service {}", code(&format!("\"{name}\"")))),
    );
    let named = column.names.iter().filter(|&&(_, low, high)| (low..=high).contains(&number));
    let names = codes(named.map(|(name, ..)| *name));
    if !names.is_empty() {
        card.fact(&format!("named {names}"));
    }
    let bits = bit_names(column, number);
    if !bits.is_empty() {
        card.fact(&format!("bits: {}", codes(bits)));
    }
    card.facts(too_large(column, number));
    Some(card)
}

/// A remark on a number that the column cannot hold.
fn too_large(column: &Column, number: u64) -> Option<String> {
    let bits = column.uint_bits().filter(|&bits| bits < 64 && number >> bits > 0)?;
    Some(format!("more than the {bits} bits of the column can hold"))
}

fn integers(column: &Column, written: &str) -> Option<Card> {
    let (low, high) = values::range(written)?;
    let (low, high) = (column.number(low).ok()?, column.number(high).ok()?);
    let mut card = range(written, low, high, if column.port { "ports" } else { "integers" })?;
    card.facts(column.unit.map(|unit| format!("unit: {}", plain(unit))));
    Some(card)
}

fn as_numbers(reserved: &Reserved, written: &str) -> Option<Card> {
    let (low, high) = values::range(written)?;
    let (low, high) = (values::asn(low).ok()?, values::asn(high).ok()?);
    let mut card = range(written, u64::from(low), u64::from(high), "AS numbers")?;
    card.facts(reserved.asn_purpose(low, high).map(str::to_owned));
    Some(card)
}

fn range(written: &str, low: u64, high: u64, what: &str) -> Option<Card> {
    let mut card = Card::new(heading(code(written), &format!("range of {what}")));
    let amount = amount(&[(u128::from(low), u128::from(high))]);
    let values = if amount == "1" { "value" } else { "values" };
    card.fact(&format!("both ends are included: {amount} {values}, from {low} to {high}"));
    (low <= high).then_some(card)
}

fn as_number(reserved: &Reserved, written: &str) -> Option<Card> {
    let number = values::asn(written).ok()?;
    let mut card = Card::new(heading(code(&format!("AS{number}")), "AS number"));
    let (high, low) = (number >> 16, number & 0xFFFF);
    // RFC 5396 calls asplain the decimal number and asdot the notation in two halves.
    card.fact(&format!("asplain {}, asdot {}", code(&number.to_string()), code(&asdot(high, low))));
    card.facts(reserved.asn_purpose(number, number).map(str::to_owned));
    Some(card)
}

/// Communities with a range for a part.
fn communities(written: &str) -> Option<Card> {
    let range = CommunityRange::parse(written).filter(CommunityRange::is_ordered)?;
    let kind = if range.large { "large communities (RFC 8092)" } else { "communities (RFC 1997)" };
    let mut card = Card::new(heading(code(&range.to_string()), kind));
    card.fact("stands for every such community whose parts lie in these ranges");
    Some(card)
}

fn asdot(high: u32, low: u32) -> String {
    if high == 0 { low.to_string() } else { format!("{high}.{low}") }
}

fn community(schema: &Schema, written: &str) -> Option<Card> {
    let community = schema.community(written)?;
    let (kind, parts) = match community {
        Community::Standard(parts) => {
            let [first, second] = parts.map(|part| part.map(u32::from));
            ("community (RFC 1997)", vec![("AS", first), ("value", second)])
        }
        Community::Large([first, second, third]) => {
            let parts = vec![
                ("global administrator", first),
                ("first local part", second),
                ("second local part", third),
            ];
            ("large community (RFC 8092)", parts)
        }
    };
    let mut card = Card::new(heading(code(&community.to_string()), kind));
    let fixed: Vec<String> =
        parts.iter().filter_map(|(name, part)| part.map(|part| format!("{name} {part}"))).list();
    card.fact(&match (fixed.len() == parts.len(), fixed.is_empty()) {
        (true, _) => fixed.join(", "),
        (false, true) => "stands for any such community".to_owned(),
        (false, false) => format!("stands for every such community with {}", fixed.join(" and ")),
    });
    if let Some(WellKnown { name, source, description, .. }) = well_known(schema, community) {
        card.fact(&format!("well known as {} ({source}): {}", code(name), plain(description)));
    }
    let configured = schema.communities().filter(|(_, other)| *other == community);
    card.facts(configured.map(|(name, _)| format!("named {} by the configuration", code(name))));
    Some(card)
}

fn word(kind: Type, written: &str) -> Option<Card> {
    let word = words(kind).iter().find(|word| word.name.eq_ignore_ascii_case(written))?;
    let mut card = Card::new(heading(code(word.name), &format!("value of type `{}`", kind.name())));
    card.paragraph(word.doc);
    Some(card)
}

fn bit(column: &Column, written: &str) -> Option<Card> {
    let (name, mask) = column.bits.iter().find(|(name, _)| name.eq_ignore_ascii_case(written))?;
    let mut card = Card::new(heading(code(name), &format!("bit of {}", code(&column.name))));
    card.fact(&format!("mask {mask} ({})", code(&format!("{mask:#x}"))));
    card.fact(&format!("the bits: {}", codes(column.bits.iter().map(|(name, _)| *name))));
    Some(card)
}

fn protocol_number(registries: &Registries, written: &str) -> Option<Card> {
    let number = values::integer(written).ok().and_then(|number| u8::try_from(number).ok())?;
    let known = registries.protocols.by_number(number);
    Some(known.map_or_else(|| Card::new(format!("IP protocol {number}, which has no name")), protocol_card))
}

fn protocol_card(known: Protocol) -> Card {
    let mut card = Card::new(heading(code(known.name), &format!("IP protocol {}", known.number)));
    card.paragraph(&plain(known.description));
    let aliases = codes(known.aliases());
    if !aliases.is_empty() {
        card.fact(&format!("also {aliases}"));
    }
    card
}

fn string(
    registries: &Registries,
    column: &Column,
    operator: Option<Operator>,
    kind: Type,
    decoded: &str,
) -> Option<Card> {
    match (kind, operator) {
        (Type::String, Some(Operator::Like | Operator::NotLike)) => Some(pattern(decoded, false)),
        (Type::String, Some(Operator::ILike | Operator::NotILike)) => Some(pattern(decoded, true)),
        (Type::String, Some(Operator::Regexp | Operator::NotRegexp)) => Some(regexp(decoded)),
        (Type::String, _) => Some(plain_string(registries, column, decoded)),
        (Type::Proto, _) => Some(match registries.protocols.by_name(decoded) {
            Some(known) => protocol_card(known),
            None => Card::new(format!(
                "IANA knows no protocol {}; it is looked up in the database's own dictionary.",
                code(decoded)
            )),
        }),
        (Type::Uint, _) if column.port => {
            let port = registries.services.port_of(decoded)?;
            let mut card =
                Card::new(heading(code(&format!("\"{}\"", decoded.to_ascii_lowercase())), "service"));
            card.fact(&format!("port {port}"));
            Some(card)
        }
        (Type::Uint, _) => {
            let (low, high) = column.named(decoded)?;
            let name = column.name_of(low, high).unwrap_or(decoded);
            let mut card =
                Card::new(heading(code(&format!("\"{name}\"")), &format!("value of {}", code(&column.name))));
            card.fact(&if low == high {
                format!("the number {low}")
            } else {
                format!("the numbers {low} to {high}")
            });
            Some(card)
        }
        _ => None,
    }
}

fn plain_string(registries: &Registries, column: &Column, decoded: &str) -> Card {
    let length = decoded.chars().count();
    let characters = if length == 1 { "character" } else { "characters" };
    let mut card = Card::new(heading(code(decoded), &format!("string of {length} {characters}")));
    if column.country {
        card.fact(&match registries.countries.name_of(decoded) {
            Some(name) => plain(name),
            None => "no country of ISO 3166-1 has this code".to_owned(),
        });
    }
    card
}

fn pattern(decoded: &str, ignore_case: bool) -> Card {
    let mut card = Card::new(heading(code(decoded), "pattern"));
    let core = decoded.trim_start_matches('%');
    let (open_start, core) = (core.len() < decoded.len(), core);
    let inner = core.trim_end_matches('%');
    let open_end = inner.len() < core.len();
    let is_literal = !inner.is_empty() && !inner.contains(['%', '_', '\\']);
    if is_literal {
        let verb = match (open_start, open_end) {
            (true, true) => "contains",
            (true, false) => "ends with",
            (false, true) => "begins with",
            (false, false) => "is",
        };
        card.fact(&format!("the text {verb} {}", code(inner)));
    }
    card.fact("`%` stands for any text, also for none; `_` for one character; a backslash before either takes it as it is");
    card.fact(if ignore_case { "in any case" } else { "upper and lower case differ" });
    card
}

fn regexp(decoded: &str) -> Card {
    let mut card = Card::new(heading(code(decoded), "regular expression (RE2)"));
    card.fact("it may match anywhere in the text: `^` and `$` tie it to the ends");
    card.fact(
        "`.` takes a line break too; `\\w`, `\\d`, `\\s` and `\\b` are ASCII; `(?i)` in front takes any case",
    );
    if let Err(error) = values::regexp::check(decoded) {
        card.fact(&plain(error.kind.message()));
    }
    card
}
