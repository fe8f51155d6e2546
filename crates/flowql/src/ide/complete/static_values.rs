//! The values that the tables of the language know.

use super::canonical::Meanings;
use super::matching::rank;
use crate::gather::{Gather as _, add_all};
use crate::tables::{Form, Operator, Protocols, Registries, words};
use crate::{Column, Compiler};

/// How many values of the tables are offered.
const MOST: usize = 50;

/// The ports that are offered before anything is typed.
const POPULAR_PORTS: [u16; 16] =
    [443, 80, 53, 22, 25, 123, 179, 993, 3389, 853, 8080, 5060, 1194, 445, 21, 161];

/// The flags that are asked for most.
const POPULAR_BITS: [&str; 4] = ["SYN", "ACK", "FIN", "RST"];

/// A value of a table: the text, what it means, and how it is found.
pub(super) struct Known {
    pub(super) value: String,
    pub(super) detail: String,
    pub(super) documentation: String,
    rank: u8,
}

/// What was typed of a value, and where.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) operator: Operator,
    pub(super) prefix: &'a str,
    /// The items that are already in the list.
    pub(super) exclude: &'a [String],
    /// Whether a quote was typed.
    pub(super) quoted: bool,
}

/// The values of the tables that match what was typed and are not in the list yet, the best first.
pub(super) fn known_values(
    compiler: &Compiler<'_>,
    column: &Column,
    form: Form,
    typed: Typed<'_>,
) -> Vec<Known> {
    let Typed { operator, prefix: typed, exclude, quoted } = typed;
    let registries = compiler.schema.registries();
    let mut known: Vec<Known> = match form {
        Form::Word if !quoted => {
            let words = column.filter_type.map(words).unwrap_or_default();
            words.iter().filter_map(|word| found(word.name, "", word.doc, typed)).list()
        }
        Form::Bit if !quoted => {
            let detail = |mask: &u64| format!("bit mask {mask}");
            let mut bits = column.bits.iter().enumerate().list();
            let popularity =
                |name: &str| POPULAR_BITS.iter().position(|&bit| bit == name).unwrap_or(POPULAR_BITS.len());
            bits.sort_unstable_by_key(|&(place, (name, _))| (popularity(name), place));
            bits.into_iter().filter_map(|(_, (name, mask))| found(name, &detail(mask), "", typed)).list()
        }
        Form::ProtocolName => protocols(&registries.protocols, typed),
        // The upper end of BETWEEN must not lie below the lower one, so no port of a table is offered.
        Form::Integer if column.port && operator != Operator::Between => ports(registries, typed, quoted),
        Form::Integer if !matches!(operator, Operator::Between | Operator::NotBetween) => {
            let equal = matches!(operator, Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn);
            let named = column.names.iter().filter(|(_, low, high)| equal || low == high);
            let detail = |low: &u64, high: &u64| {
                if low == high { low.to_string() } else { format!("{low} to {high}") }
            };
            named
                .filter_map(|(name, low, high)| {
                    found_by_detail((*name).to_owned(), &detail(low, high), "", typed)
                })
                .list()
        }
        Form::Community if !quoted => communities(compiler, typed),
        Form::Text if column.country => countries(registries, typed),
        Form::Text => column.words().iter().filter_map(|(word, _)| found(word, "", "", typed)).list(),
        _ => Vec::new(),
    };
    let listed = Meanings::of(compiler, column, exclude);
    known.retain(|known| !listed.hold(compiler, column, &known.value));
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
    let by_detail = rank(detail, typed);
    let rank = rank(&value, typed).into_iter().chain(by_detail).min()?;
    Some(Known { value, detail: detail.to_owned(), documentation: documentation.to_owned(), rank })
}

fn protocols(protocols: &Protocols, typed: &str) -> Vec<Known> {
    /// The protocols that are seen most.
    const POPULAR: [u8; 8] = [6, 17, 1, 58, 47, 50, 132, 2];
    let popular = POPULAR.iter().filter_map(|&number| protocols.by_number(number));
    let others = protocols.all().filter(|known| !POPULAR.contains(&known.number));
    popular
        .chain(others)
        .filter_map(|known| {
            let by_alias = known.aliases().filter_map(|alias| rank(alias, typed)).min();
            let by_number = (!typed.is_empty()).then(|| rank(&known.number.to_string(), typed)).flatten();
            let rank = rank(known.name, typed).into_iter().chain(by_alias).chain(by_number).min()?;
            Some(Known {
                value: known.name.to_ascii_lowercase(),
                detail: format!("protocol {}", known.number),
                documentation: known.description.to_owned(),
                // What is typed in full goes before what is popular and begins so.
                rank: rank + u8::from(rank > 0 && !POPULAR.contains(&known.number)),
            })
        })
        .list()
}

fn ports(registries: &Registries, typed: &str, quoted: bool) -> Vec<Known> {
    let name = |port: u16| registries.services.name_of(port).unwrap_or_default();
    let entry = |port: u16, service: &str| {
        if quoted {
            found_by_detail(service.to_owned(), &port.to_string(), "", typed)
        } else {
            found_by_detail(port.to_string(), service, "", typed)
        }
    };
    let mut known: Vec<Known> = POPULAR_PORTS.iter().filter_map(|&port| entry(port, name(port))).list();
    if !typed.is_empty() {
        let others = registries.services.all().filter(|(_, port)| !POPULAR_PORTS.contains(port));
        let others = others.filter_map(|(service, port)| {
            let mut known = entry(port, service)?;
            known.rank += u8::from(known.rank > 0);
            Some(known)
        });
        add_all(&mut known, others);
    }
    known
}

fn communities(compiler: &Compiler<'_>, typed: &str) -> Vec<Known> {
    let configured = compiler
        .schema
        .communities()
        .filter_map(|(name, value)| found(name, &value.to_string(), "Named by the configuration.", typed));
    let well_known = compiler.schema.registries().communities.all().filter_map(|known| {
        let detail = format!("{}:{} ({})", known.value.0, known.value.1, known.source);
        found(known.name, &detail, known.description, typed)
    });
    configured.chain(well_known).list()
}

fn countries(registries: &Registries, typed: &str) -> Vec<Known> {
    let found = |(code, name): (&str, &str)| found_by_detail(code.to_owned(), name, "", typed);
    if typed.is_empty() { Vec::new() } else { registries.countries.all().filter_map(found).list() }
}

#[cfg(test)]
mod tests {
    use crate::ide::{self, CandidateKind};
    use crate::{Compiler, SavedFilters, Schema};

    /// The values that are offered at the end of a text, as they are inserted, and whether a source only ranks them.
    fn offered(text: &str) -> (Vec<String>, bool) {
        let (schema, saved) = (Schema::all_columns(), SavedFilters::default());
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let completions = ide::complete(&Compiler::new(&schema, &saved), text, end);
        let values = completions.candidates.into_iter().filter(|found| found.kind == CandidateKind::Value);
        (
            values.map(|value| value.insert).collect(),
            completions.request.is_some_and(|request| request.ranking),
        )
    }

    #[test]
    fn words_of_a_text_column_are_offered_in_quotes() {
        assert_eq!(offered("FlowEndReason = \"ACT"), (vec!["\"active timeout\"".to_owned()], true));
        let (words, ranked) = offered("DstRPKI IN ('valid', ");
        assert_eq!(
            (words.as_slice(), ranked),
            (["\"undefined\"", "\"invalid\"", "\"not-found\""].map(str::to_owned).as_slice(), true)
        );
        // Any text fits elsewhere, and a pattern is not a word.
        assert_eq!(offered("AppName = \"d"), (Vec::new(), false));
        assert_eq!(offered("FlowEndReason LIKE \"act"), (Vec::new(), false));
    }
}
