//! Values: those of the tables at once, and a request for those of the network.

use super::candidates::{column_candidate, exact_operator, ranked_columns, takes_columns};
use super::context::Context;
use super::matching::rank;
use super::{Candidate, CandidateKind, Completions, Slot, ValueRequest, rest};
use crate::check::rules_of;
use crate::tables::{Form, Operator, community, country, protocol, service, words};
use crate::values::text;
use crate::{Column, Compiler, Span};

/// The column and operator whose value is being typed.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) column: &'a str,
    pub(super) operator: Operator,
    pub(super) in_list: bool,
    /// The items that are already in the list.
    pub(super) items: &'a [Span],
}

/// How many values of the tables are offered.
const MOST: usize = 50;

/// The ports that are offered before anything is typed.
const POPULAR_PORTS: [u16; 16] =
    [443, 80, 53, 22, 25, 123, 179, 993, 3389, 853, 8080, 5060, 1194, 445, 21, 161];

/// The flags that are asked for most.
const POPULAR_BITS: [&str; 4] = ["SYN", "ACK", "FIN", "RST"];

/// A value of a table: the text, what it means, and how it is found.
struct Known {
    value: String,
    detail: String,
    documentation: String,
    rank: u8,
}

pub(super) fn offer(
    compiler: &Compiler<'_>,
    source: &str,
    context: &Context<'_>,
    place: Place<'_>,
    completions: &mut Completions,
) {
    let Some(id) = compiler.schema.find(place.column) else { return };
    let column = compiler.schema.column(id);
    let operator = place.operator;
    let Some(rule) = rules_of(column).find(|rule| rule.operators.contains(&operator)) else { return };
    let touches_operator = exact_operator(context.partial, false) == Some(operator)
        || exact_operator(context.partial, true) == Some(operator);
    let partial = if touches_operator { "" } else { context.partial };
    let quote = partial.chars().next().filter(|first| matches!(first, '"' | '\''));
    let typed = match quote {
        Some(_) => text::decode(partial).into_owned(),
        None if super::context::is_word(partial) || partial.is_empty() => partial.to_owned(),
        None => return,
    };
    let exclude: Vec<String> = place.items.iter().map(|span| plain(span.of(source))).collect();
    let blank = if !place.in_list && context.blank_before() { " " } else { "" };
    let lead = if touches_operator { format!("{} ", context.partial) } else { blank.to_owned() };
    let slot = Slot { quote, lead };
    let quoted = rule.forms.iter().any(|form| form.is_quoted());
    let request = ValueRequest {
        column: column.name.to_string(),
        operator,
        prefix: typed,
        exclude,
        rest: String::new(),
        quoted,
        slot: slot.clone(),
    };
    for form in rule.forms {
        for known in known_values(compiler, column, *form, &request) {
            let quoted = form.is_quoted() || (*form == Form::Integer && quote.is_some());
            completions.candidates.push(Candidate {
                insert: written(&slot, &known.value, quoted),
                label: known.value,
                kind: CandidateKind::Value,
                detail: known.detail,
                documentation: known.documentation,
            });
        }
    }
    if takes_columns(column, operator) && quote.is_none() {
        let same = |other: &Column| other.filter_type == column.filter_type && other.name != column.name;
        for other in ranked_columns(compiler, &request.prefix, same) {
            let insert = written(&slot, &other.name, false);
            completions.candidates.push(column_candidate(other, insert));
        }
    }
    if rule.forms.iter().any(|form| is_open(*form)) {
        let rest = rest::of(compiler, source, context.replace.start);
        completions.request = Some(ValueRequest { rest, ..request });
    }
}

/// Whether a form has values that only the network knows.
const fn is_open(form: Form) -> bool {
    matches!(
        form,
        Form::Address
            | Form::Subnet
            | Form::Mac
            | Form::Text
            | Form::Pattern
            | Form::Integer
            | Form::Asn
            | Form::Community
            | Form::ProtocolName
            | Form::ProtocolNumber
    )
}

/// The values of the tables that match what was typed and are not in the list yet, the best first.
fn known_values(compiler: &Compiler<'_>, column: &Column, form: Form, request: &ValueRequest) -> Vec<Known> {
    let typed = request.prefix.as_str();
    let quoted = request.slot.quote.is_some();
    let mut known: Vec<Known> = match form {
        Form::Word if !quoted => {
            let words = column.filter_type.map(words).unwrap_or_default();
            words.iter().filter_map(|word| found(word.name, "", word.doc, typed)).collect()
        }
        Form::Bit if !quoted => {
            let detail = |mask: &u64| format!("bit mask {mask}");
            let mut bits: Vec<_> = column.bits.iter().collect();
            let popularity =
                |name: &str| POPULAR_BITS.iter().position(|&bit| bit == name).unwrap_or(POPULAR_BITS.len());
            bits.sort_by_key(|(name, _)| popularity(name));
            bits.into_iter().filter_map(|(name, mask)| found(name, &detail(mask), "", typed)).collect()
        }
        Form::ProtocolName => protocols(typed),
        // The upper end of BETWEEN must not lie below the lower one, so no port of a table is offered.
        Form::Integer if column.port && request.operator != Operator::Between => ports(typed, quoted),
        Form::Community if !quoted => communities(compiler, typed),
        Form::Text if column.country => countries(typed),
        _ => Vec::new(),
    };
    known.retain(|known| !request.exclude.iter().any(|item| item.eq_ignore_ascii_case(&known.value)));
    known.sort_by_key(|known| known.rank);
    known.truncate(MOST);
    known
}

fn found(value: &str, detail: &str, documentation: &str, typed: &str) -> Option<Known> {
    let rank = rank(value, typed)?;
    Some(Known {
        value: value.to_owned(),
        detail: detail.to_owned(),
        documentation: documentation.to_owned(),
        rank,
    })
}

/// A value that is found by its detail as well as by itself.
fn found_by_detail(value: String, detail: &str, documentation: &str, typed: &str) -> Option<Known> {
    let by_detail = rank(detail, typed).map(|rank| rank.max(1));
    let rank = rank(&value, typed).into_iter().chain(by_detail).min()?;
    Some(Known { value, detail: detail.to_owned(), documentation: documentation.to_owned(), rank })
}

fn protocols(typed: &str) -> Vec<Known> {
    /// The protocols that are seen most.
    const POPULAR: [u8; 8] = [6, 17, 1, 58, 47, 50, 132, 2];
    let mut known: Vec<Known> = protocol::PROTOCOLS
        .iter()
        .filter_map(|known| {
            let by_alias = known.aliases.iter().filter_map(|alias| rank(alias, typed)).min();
            let by_number = (!typed.is_empty()).then(|| rank(&known.number.to_string(), typed)).flatten();
            let rank = rank(known.name, typed).into_iter().chain(by_alias).chain(by_number).min()?;
            Some(Known {
                value: known.name.to_ascii_lowercase(),
                detail: format!("protocol {}", known.number),
                documentation: known.description.to_owned(),
                rank: rank + u8::from(!POPULAR.contains(&known.number)),
            })
        })
        .collect();
    let place = |known: &Known| {
        let number = known.detail.strip_prefix("protocol ").and_then(|number| number.parse().ok());
        POPULAR.iter().position(|&popular| Some(popular) == number).unwrap_or(POPULAR.len())
    };
    known.sort_by_key(place);
    known
}

fn ports(typed: &str, quoted: bool) -> Vec<Known> {
    let name = |port: u16| service::service_of(port).unwrap_or_default();
    let entry = |port: u16, service: &str| {
        if quoted {
            found_by_detail(service.to_owned(), &port.to_string(), "", typed)
        } else {
            found_by_detail(port.to_string(), service, "", typed)
        }
    };
    let mut known: Vec<Known> = POPULAR_PORTS.iter().filter_map(|&port| entry(port, name(port))).collect();
    if !typed.is_empty() {
        let others = service::services().filter(|(_, port)| !POPULAR_PORTS.contains(port));
        known.extend(others.filter_map(|(service, port)| {
            let mut known = entry(port, service)?;
            known.rank += 1;
            Some(known)
        }));
    }
    known
}

fn communities(compiler: &Compiler<'_>, typed: &str) -> Vec<Known> {
    let configured = compiler
        .schema
        .communities()
        .filter_map(|(name, value)| found(name, &value.to_string(), "Named by the configuration.", typed));
    let well_known = community::COMMUNITIES.iter().filter_map(|known| {
        let detail = format!("{}:{} ({})", known.value.0, known.value.1, known.source);
        found(known.name, &detail, known.description, typed)
    });
    configured.chain(well_known).collect()
}

fn countries(typed: &str) -> Vec<Known> {
    let found = |(code, name): &(&str, &str)| found_by_detail((*code).to_owned(), name, "", typed);
    if typed.is_empty() { Vec::new() } else { country::COUNTRIES.iter().filter_map(found).collect() }
}

/// A value of a source as it is inserted; `None` where it cannot stand at the place.
pub(super) fn insertion(request: &ValueRequest, value: &str) -> Option<String> {
    // Line breaks end a string, and no value of the network should be able to end one early.
    if value.contains(['\n', '\r']) {
        return None;
    }
    let quoted = request.quoted || request.slot.quote.is_some();
    if !quoted
        && (value.is_empty()
            || value.contains(|found: char| found.is_whitespace() || "\"'(),=<>!&|;".contains(found)))
    {
        return None;
    }
    Some(written(&request.slot, value, quoted))
}

/// A value as it is written at its place.
fn written(slot: &Slot, value: &str, quoted: bool) -> String {
    let value = match (quoted, slot.quote) {
        (true, Some(quote)) => text::quote_with(value, quote),
        (true, None) => text::quote(value),
        (false, _) => value.to_owned(),
    };
    format!("{}{value}", slot.lead)
}

/// An item of a list without its quotes.
fn plain(written: &str) -> String {
    if written.starts_with(['"', '\'']) { text::decode(written).into_owned() } else { written.to_owned() }
}
