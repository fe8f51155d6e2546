//! Saying why a value is none of those that are due, and how to mend it.

use super::column::shown;
use super::{Checker, enumerate, join_words};
use crate::gather::Gather as _;
use crate::syntax::OperatorUse;
use crate::tables::{Form, Operator, Protocols, Type, closest, is_keyword, words};
use crate::values::{self, AmountError, Community, CommunityRange, NumberError, text};
use crate::{Code, Column, ColumnId, Diagnostic, Edit, Fix, Span};

/// What is due at a place: the column, its operator and the forms that they allow.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) id: ColumnId,
    pub(super) usage: OperatorUse,
    pub(super) forms: &'static [Form],
}

impl Wanted {
    /// What is due, in words.
    pub(super) fn names(self) -> String {
        let forms = self.forms.iter().filter(|&&form| form != Form::Column);
        join_words(forms.map(|form| form.name().to_owned()).list(), "or")
    }

    fn has(self, form: Form) -> bool {
        self.forms.contains(&form)
    }
}

impl Checker<'_, '_> {
    /// Why an unquoted word is none of the values that are due.
    pub(super) fn why_no_word(&mut self, wanted: Wanted, span: Span) -> Diagnostic {
        let word = span.of(self.text);
        let column = self.context.schema.column(wanted.id);
        if word.starts_with('@') {
            let message = format!("expecting {}; a saved filter is a condition, not a value", wanted.names());
            return Diagnostic::new(Code::ExpectedValue, span, message);
        }
        if let Some(diagnostic) = self.bad_range(wanted, span) {
            return diagnostic;
        }
        let within = |open, close| word.strip_prefix(open)?.strip_suffix(close);
        if let Some(inner) = within('`', '`').or_else(|| within('[', ']')) {
            if let Some(fix) = self.without_quotes(wanted, span, inner) {
                let signs = if word.starts_with('[') { "brackets" } else { "quotes" };
                let message = format!("expecting {}, without {signs}", wanted.names());
                let fix = Fix { title: format!("remove the {signs}"), ..fix };
                return Diagnostic::new(Code::UnexpectedString, span, message).with_fix(fix);
            }
            let is_service = column.port && self.registries().services.port_of(inner).is_some();
            let is_name = wanted.has(Form::Integer) && column.named(inner).is_some();
            // Backquotes are quotes of a name, whether IANA knows it or not.
            let known = || self.registries().protocols.by_name(inner).is_some();
            let is_protocol = wanted.has(Form::ProtocolName) && (word.starts_with('`') || known());
            if is_service || is_name || is_protocol {
                let message = format!("expecting {}", wanted.names());
                return Diagnostic::new(Code::ExpectedString, span, message).with_fix(quote_fix(span, inner));
            }
        }
        let first = wanted.forms.first().copied().unwrap_or(Form::Column);
        match first {
            Form::Text | Form::Pattern | Form::Regexp => self.expected_string(span, wanted.names()),
            Form::Address | Form::Subnet => bad_address(wanted, span, word),
            Form::Mac | Form::MacPrefix => bad_mac(wanted, span, word),
            Form::Asn => bad_asn(self.name_of(wanted.id), span, word),
            Form::Community => self.bad_community(span, word),
            Form::Word | Form::Bit => self.unknown_word(column, first, span, word),
            Form::ProtocolNumber => bad_protocol(&self.registries().protocols, wanted, span, word),
            Form::Integer if column.port && self.registries().services.port_of(word).is_some() => {
                let message = "a service name stands in quotes";
                Diagnostic::new(Code::ExpectedString, span, message).with_fix(quote_fix(span, word))
            }
            Form::Integer if column.named(word).is_some() => {
                let message = "a name is written in quotes";
                Diagnostic::new(Code::ExpectedString, span, message).with_fix(quote_fix(span, word))
            }
            _ => self.bad_integer(wanted, span, word),
        }
    }

    /// Why a quoted string is none of the values that are due.
    pub(super) fn why_no_string(&mut self, wanted: Wanted, span: Span, decoded: &str) -> Diagnostic {
        let column = self.context.schema.column(wanted.id);
        if column.port && wanted.has(Form::Integer) && column.number(decoded).is_err() {
            return self.unknown_service(decoded, span);
        }
        if !column.names.is_empty() && wanted.has(Form::Integer) && column.number(decoded).is_err() {
            let message = format!("`{}` has no name `{}`", self.name_of(wanted.id), shown(decoded));
            let names = || column.names.iter().map(|(name, ..)| *name);
            let diagnostic = Diagnostic::new(Code::UnknownWord, span, message);
            return self.suggest_names(diagnostic, decoded, span, &|text| closest(text, names()));
        }
        if column.filter_type == Some(Type::AsPath)
            && let Some(listed) = path_pattern(decoded)
        {
            let message = "an AS path is asked for by its AS numbers, not by a pattern";
            let edit = self.spaced(Edit::replace(wanted.usage.span.to(span), listed.clone()));
            return Diagnostic::new(Code::UnexpectedString, span, message)
                .with_fix(Fix::guess(format!("write `{listed}`"), edit));
        }
        let message = format!("expecting {}, without quotes", wanted.names());
        let diagnostic = Diagnostic::new(Code::UnexpectedString, span, message);
        diagnostic.with_fixes(self.without_quotes(wanted, span, decoded))
    }

    /// The fix that takes the quotes of a value away; `None` where it would not be a value without them.
    fn without_quotes(&mut self, wanted: Wanted, span: Span, decoded: &str) -> Option<Fix> {
        let unquoted = super::Checker {
            text: decoded,
            context: self.context,
            diagnostics: &mut Vec::new(),
            expansion: &mut super::saved::Expansion::new(""),
            depth: 0,
            pair: self.pair,
            suggestions: 0,
        }
        .reads_as_word(wanted, Span::new(0, decoded.len()));
        unquoted.then(|| Fix::new("remove the quotes", Edit::replace(span, decoded)))
    }

    fn reads_as_word(&mut self, wanted: Wanted, span: Span) -> bool {
        let value = crate::syntax::Value { span, kind: crate::syntax::ValueKind::Word };
        self.value(wanted.id, wanted.usage, &value, wanted.forms).is_some()
    }

    /// A range where none may stand, or one whose ends are no values.
    fn bad_range(&mut self, wanted: Wanted, span: Span) -> Option<Diagnostic> {
        let word = span.of(self.text);
        let column = self.context.schema.column(wanted.id);
        let (low, high) = values::range(word).or_else(|| values::foreign_range(word))?;
        let is_end = |end: &str| {
            wanted.forms.iter().any(|&form| match form {
                Form::Address => values::address(end).is_some(),
                Form::Integer => column.number(end).is_ok(),
                Form::ProtocolNumber => values::integer(end).is_ok(),
                Form::Asn => values::asn(end).is_ok(),
                _ => false,
            })
        };
        if !(is_end(low) && is_end(high)) {
            return None;
        }
        if wanted.forms.iter().any(|form| form.is_range()) {
            let range = format!("{low}-{high}");
            let message = format!("`{}` is written `{range}` here", shown(word));
            let fix = Fix::new(format!("write `{range}`"), Edit::replace(span, range));
            return Some(Diagnostic::new(Code::BadRange, span, message).with_fix(fix));
        }
        let message = format!("expecting {}, not a range", wanted.names());
        let diagnostic = Diagnostic::new(Code::RangeNotAllowed, span, message);
        let between = match wanted.usage.operator {
            Operator::Eq => Some(Operator::Between),
            Operator::Ne => Some(Operator::NotBetween),
            _ => None,
        };
        let between = between.filter(|&between| column.rules().any(|rule| rule.operators.contains(&between)));
        Some(match between.map(Operator::symbol) {
            None => diagnostic,
            Some(symbol) => {
                let whole = wanted.usage.span.to(span);
                let edit = Edit::replace(whole, format!("{symbol} {low} AND {high}"));
                let edit = self.spaced(edit);
                diagnostic.with_fix(Fix::new(format!("write `{symbol} {low} AND {high}`"), edit))
            }
        })
    }

    /// An unquoted word, or several, where a string is due.
    fn expected_string(&self, span: Span, names: String) -> Diagnostic {
        let word = span.of(self.text);
        let whole = self.run_of_words(span);
        let text = whole.of(self.text);
        let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        // What looks like the name of a column may be one that is misspelt.
        let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
        let is_name =
            word.bytes().all(|byte| byte.is_ascii_alphabetic()) && (2..word.len()).contains(&capitals);
        let near = is_name && !self.context.schema.closest_columns(word).is_empty();
        let sure = inner.is_some() || whole == span && !near;
        let fix = Fix { sure, ..quote_fix(whole, inner.unwrap_or(text)) };
        let help = "strings stand in double or single quotes";
        Diagnostic::new(Code::ExpectedString, span, format!("expecting {names}"))
            .with_help(help)
            .with_fix(fix)
    }

    /// The word and those behind it up to a connective, a bracket or the end of the line, unless they begin a condition.
    fn run_of_words(&self, span: Span) -> Span {
        let rest = self.text.get(span.end as usize..).unwrap_or_default();
        let ends = |found| "\r\n\"'(),=<>!&|;".contains(found);
        let length = rest.find(|found: char| ends(found)).unwrap_or(rest.len());
        let words = rest.get(..length).unwrap_or_default();
        let mut end = 0;
        let mut place = 0;
        let mut stopped = rest.as_bytes().get(length).copied();
        for word in words.split([' ', '\t']) {
            let joined = ["and", "or"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
            if joined || word.starts_with("--") || word.starts_with("/*") {
                stopped = None;
                break;
            }
            if is_keyword(word) {
                return span;
            }
            place += word.len();
            if !word.is_empty() {
                end = place;
            }
            place += 1;
        }
        match stopped {
            Some(b'=' | b'<' | b'>' | b'!' | b'"' | b'\'' | b'(') => span,
            _ => Span { end: span.end + Span::new(0, end).end, ..span },
        }
    }

    /// The edit with a blank before its text where it would touch a word.
    fn spaced(&self, mut edit: Edit) -> Edit {
        let before = self.text.get(..edit.span.start as usize).unwrap_or_default();
        if !before.ends_with([' ', '\t', '\n', '\r']) {
            edit.new_text.insert(0, ' ');
        }
        edit
    }

    fn bad_integer(&self, wanted: Wanted, span: Span, word: &str) -> Diagnostic {
        let column = self.context.schema.column(wanted.id);
        if column.bits.iter().any(|(name, _)| name.eq_ignore_ascii_case(word)) {
            let message = "expecting an unsigned integer, found a flag";
            let diagnostic = Diagnostic::new(Code::BadInteger, span, message)
                .with_help(format!("flags are asked for by `{} HAS {word}`", self.name_of(wanted.id)));
            if wanted.usage.operator != Operator::Eq {
                return diagnostic;
            }
            let edit = Edit::replace(wanted.usage.span.to(span), format!("HAS {word}"));
            return diagnostic.with_fix(Fix::guess(format!("write `HAS {word}`"), self.spaced(edit)));
        }
        match column.number(word) {
            Err(AmountError::TooLarge) => {
                let message = format!("integers have 64 bits, and this one is above {}", u64::MAX);
                Diagnostic::new(Code::IntegerTooLarge, span, message)
            }
            Err(AmountError::Fraction(below)) => {
                let unit = column.unit.map(|unit| format!(" of {unit}")).unwrap_or_default();
                let message = format!("`{}` is not a whole number{unit}", shown(word));
                let near = [Some(below), below.checked_add(1)].into_iter().flatten();
                let near: Vec<String> = near.map(|near| near.to_string()).list();
                let near: Vec<&str> = near.iter().map(String::as_str).list();
                suggest(Diagnostic::new(Code::BadInteger, span, message), span, &near)
            }
            _ => {
                let diagnostic = Diagnostic::new(Code::BadInteger, span, "expecting an unsigned integer");
                let is_uint = column.filter_type == Some(Type::Uint);
                let suffixes = values::suffixes(word, column.unit).filter(|_| is_uint);
                let Some(suffixes) = suffixes else { return diagnostic };
                diagnostic.with_help(format!("a number can end in {suffixes}"))
            }
        }
    }

    fn bad_community(&mut self, span: Span, word: &str) -> Diagnostic {
        if CommunityRange::parse(word).is_some() {
            let message = "the second end of the range is lower than the first";
            return Diagnostic::new(Code::ReversedRange, span, message);
        }
        if let Some(joined) = joined_by_hyphens(word).filter(|joined| CommunityRange::parse(joined).is_some())
        {
            let message = format!("`{}` is written `{joined}` here", shown(word));
            let fix = Fix::new(format!("write `{joined}`"), Edit::replace(span, joined));
            return Diagnostic::new(Code::BadRange, span, message).with_fix(fix);
        }
        if text::contains(word, ":[") {
            let message = "a part of a community is written without brackets";
            let plain: String = word.chars().filter(|found| !matches!(found, '[' | ']')).collect();
            let read = Community::parse(&plain).is_some() || CommunityRange::parse(&plain).is_some();
            let fix = read.then(|| Fix::guess(format!("write `{plain}`"), Edit::replace(span, plain)));
            return Diagnostic::new(Code::BadCommunity, span, message)
                .with_help(
                    "a range of a part is written 65000:100-199, a list of them IN (65000:100, 65000:200)",
                )
                .with_fixes(fix);
        }
        let known = self.registries().communities.all().map(|known| known.name);
        let known = known.chain(self.context.schema.communities().map(|(name, _)| name));
        let close: Vec<&str> = closest(word, known);
        let diagnostic = Diagnostic::new(Code::BadCommunity, span, "expecting a community");
        if !close.is_empty() {
            return suggest(diagnostic, span, &close);
        }
        diagnostic.with_help(
            "two parts up to 65535 (65000:100), three parts of 32 bits (65000:1:2), `*` or a range for a part, or a well-known name",
        )
    }

    fn unknown_word(&mut self, column: &Column, form: Form, span: Span, word: &str) -> Diagnostic {
        let (code, known): (Code, Vec<&str>) = match form {
            Form::Bit => (Code::UnknownFlag, column.bits.iter().map(|(name, _)| *name).list()),
            _ => {
                let words = column.filter_type.map(words).unwrap_or_default();
                (Code::UnknownWord, words.iter().map(|word| word.name).list())
            }
        };
        let message =
            format!("expecting {}", join_words(known.iter().map(|name| format!("`{name}`")).list(), "or"));
        let diagnostic = Diagnostic::new(code, span, message);
        let close = closest(word, known);
        if close.is_empty() { diagnostic } else { suggest(diagnostic, span, &close) }
    }

    /// Why a text is none of the words of its column.
    pub(super) fn unknown_text(&mut self, column: &Column, text: &str, span: Span) -> Diagnostic {
        let words = || column.words().iter().map(|(word, _)| *word);
        let message = format!("`{}` has no word `{}`", column.name, shown(text));
        let diagnostic = Diagnostic::new(Code::UnknownWord, span, message);
        let diagnostic = self.suggest_names(diagnostic, text, span, &|text| closest(text, words()));
        if diagnostic.help.is_some() {
            return diagnostic;
        }
        diagnostic.with_help(format!("expecting {}", enumerate(&words().list())))
    }

    pub(super) fn unknown_protocol(&mut self, name: &str, span: Span) -> Diagnostic {
        let message = format!("unknown protocol `{}`", shown(name));
        let diagnostic = Diagnostic::new(Code::UnknownProtocol, span, message);
        let registries = self.registries();
        if name.parse::<u8>().is_ok() {
            return diagnostic.with_fix(Fix::guess("remove the quotes", Edit::replace(span, name)));
        }
        self.suggest_names(diagnostic, name, span, &|name| {
            closest(name, registries.protocols.all().map(|known| known.name))
        })
    }

    fn unknown_service(&mut self, name: &str, span: Span) -> Diagnostic {
        let message = format!("unknown service `{}`", shown(name));
        let diagnostic = Diagnostic::new(Code::UnknownService, span, message);
        let registries = self.registries();
        self.suggest_names(diagnostic, name, span, &|name| {
            closest(name, registries.services.all().map(|(known, _)| known))
        })
    }

    /// Adds the closest names, in quotes, as fixes.
    fn suggest_names(
        &mut self,
        diagnostic: Diagnostic,
        name: &str,
        span: Span,
        find: &dyn Fn(&str) -> Vec<&'static str>,
    ) -> Diagnostic {
        if self.suggestions == 0 {
            return diagnostic;
        }
        self.suggestions -= 1;
        let close = find(name);
        if close.is_empty() {
            return diagnostic;
        }
        let fixes: Vec<Fix> = close
            .iter()
            .map(|near| Fix::guess(format!("write \"{near}\""), Edit::replace(span, text::quote(near))))
            .list();
        diagnostic.with_help(format!("close to it: {}", enumerate(&close))).with_fixes(fixes)
    }
}

/// Adds the closest words as fixes.
fn suggest(diagnostic: Diagnostic, span: Span, close: &[&str]) -> Diagnostic {
    let fixes: Vec<Fix> =
        close.iter().map(|near| Fix::guess(format!("write `{near}`"), Edit::replace(span, *near))).list();
    diagnostic.with_help(format!("close to it: {}", enumerate(close))).with_fixes(fixes)
}

/// A short word with hyphens for what joins ranges elsewhere; `None` where nothing else does.
fn joined_by_hyphens(word: &str) -> Option<String> {
    /// Three parts with ranges are no longer.
    const LONGEST: usize = 80;
    let mut joined = word.to_owned();
    for joint in ["..", "–"] {
        while let Some(at) = text::find(&joined, joint).filter(|_| word.len() <= LONGEST) {
            joined.replace_range(at..at + joint.len(), "-");
        }
    }
    (joined != word).then_some(joined)
}

/// What asks for the AS numbers of a pattern such as routers take for paths, `_64500_64501$`, wherever they are.
fn path_pattern(pattern: &str) -> Option<String> {
    let is_pattern = pattern.contains(['_', '^', '$', ' '])
        && pattern.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'^' | b'$' | b' '));
    let numbers = pattern.split(['_', '^', '$', ' ']).filter(|number| !number.is_empty());
    let numbers: Vec<String> = numbers.map(|number| format!("AS{number}")).list();
    match numbers.as_slice() {
        [] => None,
        _ if !is_pattern || numbers.iter().any(|number| values::asn(number).is_err()) => None,
        [one] => Some(format!("HAS {one}")),
        several => Some(format!("HAS ({})", several.join(", "))),
    }
}

fn quote_fix(span: Span, word: &str) -> Fix {
    Fix::new("put it in quotes", Edit::replace(span, text::quote(word)))
}

fn bad_address(wanted: Wanted, span: Span, word: &str) -> Diagnostic {
    let names = wanted.names();
    let only_subnets = !wanted.has(Form::Address);
    if let Some(address) = values::address(word).filter(|_| only_subnets) {
        let length = if address.is_ipv4() { 32 } else { 128 };
        let message = format!("expecting {names}, found an address without a prefix length");
        // An address that ends in zeros was rather meant as a subnet.
        let is_host = match address {
            std::net::IpAddr::V4(address) => !address.octets().ends_with(&[0]),
            std::net::IpAddr::V6(address) => !address.segments().ends_with(&[0]),
        };
        let edit = Edit::insert(span.end, format!("/{length}"));
        let fix = Fix { sure: is_host, ..Fix::new(format!("append /{length}"), edit) };
        return Diagnostic::new(Code::MissingMask, span, message).with_fix(fix);
    }
    if let Some(net) = values::short_subnet(word).filter(|_| wanted.has(Form::Subnet)) {
        let fix = Fix::new(format!("write `{net}`"), Edit::replace(span, net.to_string()));
        return Diagnostic::new(Code::BadSubnet, span, format!("expecting {names}")).with_fix(fix);
    }
    if let Some((base, length)) = word.split_once('/')
        && (only_subnets || wanted.has(Form::Subnet))
    {
        return bad_subnet(span, base, length);
    }
    if let Some((low, high)) = values::range(word).filter(|_| wanted.has(Form::AddressRange))
        && (values::address(low).is_some() || values::address(high).is_some())
    {
        let message = "expecting two addresses of one family, joined by `-`";
        return Diagnostic::new(Code::BadRange, span, message);
    }
    let code = if only_subnets { Code::BadSubnet } else { Code::BadAddress };
    Diagnostic::new(code, span, format!("expecting {names}"))
}

fn bad_subnet(span: Span, base: &str, length: &str) -> Diagnostic {
    let mask =
        values::mask_length(length).filter(|_| values::address(base).is_some_and(|base| base.is_ipv4()));
    let fix = mask.map(|length| {
        let subnet = format!("{base}/{length}");
        Fix::new(format!("write `{subnet}`"), Edit::replace(span, subnet))
    });
    let message = match values::address(base) {
        None => format!("expecting a subnet; `{}` is no IP address", shown(base)),
        Some(address) => {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let found =
                if length.is_empty() { String::new() } else { format!(", found `{}`", shown(length)) };
            format!("expecting a prefix length from 0 to {longest}{found}")
        }
    };
    Diagnostic::new(Code::BadSubnet, span, message).with_fixes(fix)
}

fn bad_mac(wanted: Wanted, span: Span, word: &str) -> Diagnostic {
    let message = format!("expecting {}", wanted.names());
    if values::mac(word).is_some() {
        let fix = Fix::guess("append /48", Edit::insert(span.end, "/48"));
        return Diagnostic::new(Code::MissingMask, span, message).with_fix(fix);
    }
    let diagnostic = Diagnostic::new(Code::BadMac, span, message).with_help(
        "six bytes, as 00:11:22:33:44:55, 00-11-22-33-44-55 or 0011.2233.4455; the first of them and a `*`, or a \
         prefix length, for all that begin so",
    );
    // The first bytes alone, as vendors are listed.
    let separator = if word.contains('-') { "-" } else { ":" };
    let whole = format!("{word}{separator}*");
    let fix = values::mac_prefix(&whole)
        .map(|_| Fix::guess(format!("write `{whole}`"), Edit::replace(span, whole)));
    diagnostic.with_fixes(fix)
}

fn bad_asn(column: &str, span: Span, word: &str) -> Diagnostic {
    match values::asn(word) {
        Err(NumberError::TooLarge) => {
            let message = "AS numbers have 32 bits, and this one is larger";
            Diagnostic::new(Code::BadAsn, span, message)
        }
        _ => {
            let help = format!("an AS is written by its number, as in `{column} = AS15169`");
            Diagnostic::new(Code::BadAsn, span, "expecting an AS number").with_help(help)
        }
    }
}

fn bad_protocol(protocols: &Protocols, wanted: Wanted, span: Span, word: &str) -> Diagnostic {
    let message = format!("expecting {}", wanted.names());
    let is_name = word.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_name && wanted.has(Form::ProtocolName) {
        // Another name would be a filter that selects nothing.
        let fix = Fix { sure: protocols.by_name(word).is_some(), ..quote_fix(span, word) };
        return Diagnostic::new(Code::ExpectedString, span, message).with_fix(fix);
    }
    Diagnostic::new(Code::BadProtocol, span, message)
}
