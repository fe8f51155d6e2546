//! A filter in plain English: a line a condition, with the lines of its structure around them.

use crate::gather::Gather as _;
use crate::syntax::{TokenKind, tokenize};
use crate::tables::{Type, WellKnown};
use crate::typed::{Comparison, Condition, Either, Filter, Member, Scalar, Test};
use crate::values::{self, text};
use crate::{Column, Community, Compiler, Diagnostic, Options, Schema, Span};

/// A filter in plain English. Displayed, its lines are indented by two blanks a level.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// The lines, in the order of the filter.
    pub lines: Vec<Line>,
}

/// A line of an explanation: a condition, or what holds the lines below it together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Line {
    /// How deep it stands.
    pub depth: u32,
    /// What it says.
    pub text: String,
}

/// Says in plain English which flows a filter selects.
///
/// Every condition gives one line, which names its column and each of its values. A blank filter selects
/// every flow and says so.
///
/// # Errors
///
/// The diagnostics of a bad filter.
pub fn explain(
    compiler: &Compiler<'_>,
    text: &str,
    options: Options<'_>,
) -> Result<Explanation, Vec<Diagnostic>> {
    let checked = compiler.check(text, options);
    if !checked.is_valid() {
        return Err(checked.diagnostics);
    }
    let mut writer = Writer { compiler, lines: Vec::new() };
    match &checked.filter {
        Some(filter) => writer.filter(filter, text, 0),
        None => writer.line(0, "every flow".to_owned()),
    }
    Ok(Explanation { lines: writer.lines })
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, line) in self.lines.iter().enumerate() {
            if place > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{:indent$}{}", "", line.text, indent = 2 * line.depth as usize)?;
        }
        Ok(())
    }
}

struct Writer<'a> {
    compiler: &'a Compiler<'a>,
    lines: Vec<Line>,
}

impl Writer<'_> {
    fn line(&mut self, depth: u32, text: String) {
        self.lines.push(Line { depth, text });
    }

    /// Writes a filter; `source` is the text in which its ranges lie.
    fn filter(&mut self, filter: &Filter, source: &str, depth: u32) {
        match filter {
            Filter::Condition(condition) => {
                let sentence = sentence(self.compiler.schema, source, condition);
                self.line(depth, sentence);
            }
            Filter::Either(either) => self.either(either, source, depth),
            Filter::Group(inner) => self.filter(inner, source, depth),
            Filter::Not(inner) => self.below("this does not hold:", [&**inner], source, depth),
            Filter::And(terms) => self.below("all of these hold:", terms, source, depth),
            Filter::Or(terms) => self.below("any of these holds:", terms, source, depth),
            Filter::Saved { name, filter } => {
                let source = self.compiler.saved.text(name).unwrap_or_default();
                self.below(&format!("the saved filter @{name} holds:"), [&**filter], source, depth);
            }
        }
    }

    // Not a part of the frames of `filter`, which calls itself for each level.
    #[inline(never)]
    fn either(&mut self, either: &Either, source: &str, depth: u32) {
        let [first, second] = &either.sides;
        let schema = self.compiler.schema;
        let [one, other] = [first, second].map(|side| &schema.column(side.column.id).name);
        let words = Words { schema, column: schema.column(first.column.id), source };
        let ends =
            if either.negated { format!("neither {one} nor {other}") } else { format!("{one} or {other}") };
        self.line(depth, format!("{ends} {}", words.predicate(first)));
    }

    fn below<'f>(
        &mut self,
        heading: &str,
        filters: impl IntoIterator<Item = &'f Filter>,
        source: &str,
        depth: u32,
    ) {
        self.line(depth, heading.to_owned());
        for filter in filters {
            self.filter(filter, source, depth + 1);
        }
    }
}

/// A condition in words.
fn sentence(schema: &Schema, source: &str, condition: &Condition) -> String {
    let words = Words { schema, column: schema.column(condition.column.id), source };
    format!("{} {}", words.column.name, words.predicate(condition))
}

/// What is needed to put the values of a column into words.
struct Words<'a> {
    schema: &'a Schema,
    column: &'a Column,
    source: &'a str,
}

impl Words<'_> {
    fn predicate(&self, condition: &Condition) -> String {
        let written = |place| literal_at(self.source, condition.span, place);
        match &condition.test {
            Test::Compare(comparison, value) => {
                format!("{} {}", self.verb(*comparison, value), self.value(value, written(0)))
            }
            Test::CompareColumn(comparison, other) => {
                let verb = match comparison {
                    Comparison::Eq => "is the same as",
                    Comparison::Ne => "differs from",
                    other => order(*other),
                };
                format!("{verb} {}", self.schema.column(other.id).name)
            }
            Test::OneOf { negated, members } => self.one_of(*negated, members),
            Test::Between { negated, low, high } => {
                self.between(*negated, (low, written(0)), (high, written(1)))
            }
            Test::Within { negated, subnet } => {
                let subnet = self.value(&Scalar::Subnet(*subnet), written(0));
                format!("{} {subnet}", lies_in(*negated))
            }
            Test::Like { negated, ignore_case, pattern } => {
                let verb = if *negated { "does not match" } else { "matches" };
                let case = if *ignore_case { " in any case" } else { "" };
                format!("{verb} the pattern {}{case}", text::quote(pattern))
            }
            Test::Regexp { negated, pattern } => {
                let verb = if *negated { "does not match" } else { "matches" };
                format!("{verb} the regular expression {}", text::quote(pattern))
            }
            Test::HasAll { negated, members } => {
                let values =
                    members.iter().map(|member| self.value(&member.value, member.span.of(self.source)));
                let values: Vec<String> = values.list();
                let verb = if *negated { "does not contain" } else { "contains" };
                let all = if values.len() > 1 { "all of " } else { "" };
                format!("{verb} {all}{}", values.join(", "))
            }
            Test::HasBits { negated, mask } => {
                let names = bit_names(self.column, *mask);
                match (negated, names.as_slice()) {
                    (false, _) => format!("has {} set", and(&names)),
                    (true, [_]) => format!("does not have {} set", and(&names)),
                    (true, _) => format!("does not have all of {} set", and(&names)),
                }
            }
        }
    }

    fn verb(&self, comparison: Comparison, value: &Scalar) -> &'static str {
        let address_in_subnet =
            self.column.filter_type == Some(Type::Ip) && matches!(value, Scalar::Subnet(_));
        match comparison {
            Comparison::Eq if is_array(self.column) => "contains",
            Comparison::Ne if is_array(self.column) => "does not contain",
            Comparison::Eq if address_in_subnet => lies_in(false),
            Comparison::Ne if address_in_subnet => lies_in(true),
            other => order(other),
        }
    }

    /// A list: single values first, then subnets, then ranges.
    fn one_of(&self, negated: bool, members: &[Member]) -> String {
        let (mut singles, mut subnets, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
        for member in members {
            let written = member.span.of(self.source);
            match (&member.value, &member.to) {
                (low, Some(high)) => {
                    let (low_text, high_text) = values::range(written).unwrap_or((written, written));
                    ranges.push(self.between(negated, (low, low_text), (high, high_text)));
                }
                (value @ Scalar::Subnet(_), None) if self.column.filter_type == Some(Type::Ip) => {
                    subnets.push(self.value(value, written));
                }
                (value, None) => singles.push(self.value(value, written)),
            }
        }
        let (one, several) = match (is_array(self.column), negated) {
            (false, false) => ("is", "is one of"),
            (false, true) => ("is not", "is none of"),
            (true, false) => ("contains", "contains one of"),
            (true, true) => ("does not contain", "contains none of"),
        };
        let in_several = if negated { "lies in none of" } else { "lies in one of" };
        let clauses = [(singles, one, several), (subnets, lies_in(negated), in_several)];
        let clauses = clauses.into_iter().filter_map(|(values, one, several)| match values.as_slice() {
            [] => None,
            [value] => Some(format!("{one} {value}")),
            _ => Some(format!("{several} {}", values.join(", "))),
        });
        let connective = if negated { " and " } else { " or " };
        clauses.chain(ranges).list().join(connective)
    }

    /// From one value to another, each with the way it is written. What such a value stands for does not
    /// help here: between `ftp-data` and `https` lies no service in particular.
    fn between(&self, negated: bool, low: (&Scalar, &str), high: (&Scalar, &str)) -> String {
        let end = |(value, written): (&Scalar, &str)| match value {
            Scalar::Integer(number) => annotated(self.number(*number), Vec::new(), written),
            other => self.value(other, written),
        };
        if let (Scalar::Mac(from), Scalar::Mac(to)) = (low.0, high.0) {
            return format!("{} {}", lies_in(negated), values::mac_prefix_text(*from, *to));
        }
        if let (Scalar::Integer(from), Scalar::Integer(to)) = (low.0, high.0)
            && let Some(name) = self.column.name_of(*from, *to)
        {
            let verb = if negated { "is not" } else { "is" };
            return format!("{verb} {name} ({from} to {to})");
        }
        let verb = if negated { "does not lie between" } else { "lies between" };
        format!("{verb} {} and {}", end(low), end(high))
    }

    /// A value in its canonical spelling, and in parentheses what it stands for.
    fn value(&self, value: &Scalar, written: &str) -> String {
        let (shown, notes) = self.value_and_notes(value);
        // Strings are spelt as they are written, but for their quotes.
        if let Scalar::Text(_) = value {
            parenthesized(shown, &notes)
        } else {
            annotated(shown, notes, written)
        }
    }

    fn value_and_notes(&self, value: &Scalar) -> (String, Vec<String>) {
        match value {
            Scalar::Integer(number) => self.integer(*number),
            Scalar::Address(address) => (address.to_string(), Vec::new()),
            Scalar::Subnet(net) => (net.to_string(), Vec::new()),
            Scalar::Mac(address) => (values::mac_text(*address), Vec::new()),
            Scalar::Word(word) => (word.name.to_owned(), Vec::new()),
            Scalar::ProtocolName(name) => (text::quote(name), Vec::new()),
            Scalar::CommunityRange(range) => (range.to_string(), Vec::new()),
            Scalar::Community(community) => (community.to_string(), community_names(self.schema, *community)),
            Scalar::Text(found) => {
                let name = self.schema.registries().countries.name_of(found).filter(|_| self.column.country);
                (text::quote(found), name.map(str::to_owned).into_iter().list())
            }
        }
    }

    /// An integer in words of its column's type, and what it stands for.
    fn integer(&self, number: u64) -> (String, Vec<String>) {
        let registries = self.schema.registries();
        let protocol = u8::try_from(number).ok().and_then(|number| registries.protocols.by_number(number));
        if let Some(known) = protocol.filter(|_| self.column.filter_type == Some(Type::Proto)) {
            return (known.name.to_owned(), vec![number.to_string()]);
        }
        let mut notes: Vec<String> =
            service_on(self.schema, self.column, number).map(str::to_owned).into_iter().list();
        notes.extend(self.column.name_of(number, number).map(str::to_owned));
        let bits = bit_names(self.column, number);
        if !bits.is_empty() {
            notes.push(and(&bits));
        }
        (self.number(number), notes)
    }

    /// An integer with the prefix or the unit of its column.
    fn number(&self, number: u64) -> String {
        match (self.column.filter_type, self.column.unit) {
            (Some(Type::Asn | Type::AsPath), _) => format!("AS{number}"),
            (_, Some(unit)) => format!("{number} {unit}"),
            (_, None) => number.to_string(),
        }
    }
}

/// A value with its notes, and how it is written where neither shows that.
fn annotated(shown: String, mut notes: Vec<String>, written: &str) -> String {
    let is_string = written.starts_with(['"', '\'']);
    let unquoted = if is_string { text::decode(written) } else { written.into() };
    let is_named = |shown: &String| text::contains(shown, &unquoted);
    if !is_named(&shown) && !notes.iter().any(is_named) {
        let written = if is_string { text::quote(&unquoted) } else { unquoted.into_owned() };
        notes.push(format!("written {written}"));
    }
    parenthesized(shown, &notes)
}

fn parenthesized(shown: String, notes: &[String]) -> String {
    if notes.is_empty() { shown } else { format!("{shown} ({})", notes.join(", ")) }
}

fn order(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "is",
        Comparison::Ne => "is not",
        Comparison::Lt => "is below",
        Comparison::Le => "is at most",
        Comparison::Gt => "is above",
        Comparison::Ge => "is at least",
    }
}

const fn lies_in(negated: bool) -> &'static str {
    if negated { "does not lie in" } else { "lies in" }
}

const fn is_array(column: &Column) -> bool {
    matches!(column.filter_type, Some(Type::AsPath | Type::Community | Type::UintArray))
}

/// The literal of that number among those of a condition, as it is written.
fn literal_at(source: &str, condition: Span, place: usize) -> &str {
    let whole = condition.of(source);
    let literals = tokenize(whole);
    let mut literals =
        literals.iter().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::String));
    literals.nth(place).map_or("", |token| token.span.of(whole))
}

fn and(names: &[&str]) -> String {
    crate::check::join_words(names.iter().map(|&name| name.to_owned()).list(), "and")
}

/// The names of the bits of a mask; none where the mask has a bit without a name.
pub(super) fn bit_names(column: &Column, mask: u64) -> Vec<&'static str> {
    let named = column.bits.iter().filter(|(_, bit)| bit & mask == *bit);
    let covered = named.clone().fold(0, |covered, (_, bit)| covered | bit);
    if covered == mask { named.map(|(name, _)| *name).list() } else { Vec::new() }
}

/// The customary name of the service on a port, where the column holds ports.
pub(super) fn service_on(schema: &Schema, column: &Column, number: u64) -> Option<&'static str> {
    schema.registries().services.name_of(u16::try_from(number).ok().filter(|_| column.port)?)
}

/// The names of a community: the well-known one, then those of the configuration.
fn community_names(schema: &Schema, community: Community) -> Vec<String> {
    let known = well_known(schema, community).map(|known| known.name);
    let configured = schema.communities().filter(|(_, other)| *other == community).map(|(name, _)| name);
    known.into_iter().chain(configured).map(str::to_owned).list()
}

/// The well-known community of a value; `None` for wildcards and large communities.
pub(super) fn well_known(schema: &Schema, community: Community) -> Option<WellKnown> {
    match community {
        Community::Standard([Some(first), Some(second)]) => {
            schema.registries().communities.by_value((first, second))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
