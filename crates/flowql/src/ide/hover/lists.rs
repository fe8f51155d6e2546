//! What a list holds, taken together.

use super::amounts::{addresses, amount};
use super::markdown::{Card, code, codes};
use crate::gather::Gather as _;
use crate::ide::explain::bit_names;
use crate::syntax::{Token, TokenKind};
use crate::tables::{Operator, Registries, Type};
use crate::values::intervals::{Interval, merged, of_address, of_subnet, subnets};
use crate::values::{self, text};
use crate::{Column, Span};

/// The most subnets that are listed.
const MOST: usize = 8;

/// The list that the token at `index`, one of its parentheses, belongs to: where it stands, and its values.
pub(super) fn around(tokens: &[Token], index: usize) -> Option<(Span, Vec<Token>)> {
    let open = tokens.iter().take(index + 1).rposition(|token| token.kind == TokenKind::ListOpen)?;
    let mut span = tokens.get(open)?.span;
    let mut items = Vec::new();
    for token in tokens.iter().skip(open + 1) {
        match token.kind {
            TokenKind::ListClose => return Some((span.to(token.span), items)),
            TokenKind::MissingClose => break,
            TokenKind::Word | TokenKind::String | TokenKind::TypographicString => items.push(*token),
            _ => {}
        }
        span = span.to(token.span);
    }
    Some((span, items))
}

/// What the values of a list are together.
pub(super) fn card(
    registries: &Registries,
    column: Option<&Column>,
    operator: Option<Operator>,
    source: &str,
    items: &[Token],
) -> Card {
    let count = items.len();
    let mut card = Card::new(match count {
        1 => "A list of 1 value".to_owned(),
        _ => format!("A list of {count} values"),
    });
    let Some(column) = column else { return card };
    if matches!(operator, Some(Operator::Has | Operator::NotHas)) && !column.bits.is_empty() {
        card.facts(mask(column, source, items));
        return card;
    }
    let Some(kind) = column.filter_type else { return card };
    let read = |item: &Token| interval(registries, column, kind, item.span.of(source)).ok_or(*item);
    let (understood, others): (Vec<_>, Vec<_>) = items.iter().map(read).partition(Result::is_ok);
    let intervals = merged(understood.into_iter().flatten().list());
    match kind {
        Type::Ip => {
            card.fact(&format!("it covers {}", addresses(&intervals)));
            card.facts(aggregated(&intervals));
            let others = others.iter().filter_map(|other| other.as_ref().err()).take(MOST);
            let others = codes(others.map(|item| item.span.of(source)));
            if !others.is_empty() {
                card.fact(&format!("no addresses: {others}"));
            }
        }
        Type::Uint | Type::Asn | Type::Proto | Type::Mac if others.is_empty() && count > 0 => {
            card.fact(&format!("different values that it covers: {}", amount(&intervals)));
        }
        _ => {}
    }
    card
}

/// The fewest subnets that cover the same addresses; not all of them where they are many.
fn aggregated(intervals: &[Interval]) -> Option<String> {
    let mut nets = subnets(intervals);
    let shown: Vec<String> = nets.by_ref().take(MOST).map(|net| net.to_string()).list();
    let rest = match nets.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = codes(shown.iter().map(String::as_str));
    (!shown.is_empty()).then(|| format!("aggregated: {shown}{rest}"))
}

/// The values that an item of a list covers.
fn interval(registries: &Registries, column: &Column, kind: Type, written: &str) -> Option<Interval> {
    let number = |word: &str| -> Option<u128> {
        Some(match kind {
            Type::Ip => of_address(values::address(word)?),
            Type::Asn => u128::from(values::asn(word).ok()?),
            Type::Mac => u128::from(values::mac(word)?),
            _ if word.starts_with(['"', '\'']) => {
                let name = text::decode(word);
                let port = registries.services.port_of(&name).filter(|_| column.port).map(u128::from);
                let protocol = registries.protocols.by_name(&name).filter(|_| kind == Type::Proto);
                port.or(protocol.map(|known| u128::from(known.number)))?
            }
            _ => u128::from(column.number(word).ok()?),
        })
    };
    if let Some((_, net)) = values::subnet(written).filter(|_| kind == Type::Ip) {
        return Some(of_subnet(net));
    }
    if written.starts_with(['"', '\''])
        && let Some((low, high)) = column.named(&text::decode(written))
    {
        return Some((u128::from(low), u128::from(high)));
    }
    if let Some((_, low, high)) = values::mac_prefix(written).filter(|_| kind == Type::Mac) {
        return Some((u128::from(low), u128::from(high)));
    }
    if let Some(one) = number(written) {
        return Some((one, one));
    }
    let (low, high) = values::range(written)?;
    let (low, high) = (number(low)?, number(high)?);
    (low <= high).then_some((low, high))
}

/// The mask of all the bits that a list names.
fn mask(column: &Column, source: &str, items: &[Token]) -> Option<String> {
    let bits = items.iter().filter_map(|item| {
        let name = item.span.of(source);
        column.bits.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, bit)| bit)
    });
    let mask = bits.fold(0, |mask, bit| mask | bit);
    let names = bit_names(column, mask);
    (mask > 0).then(|| format!("mask {mask} ({}): {}", code(&format!("{mask:#x}")), codes(names)))
}
