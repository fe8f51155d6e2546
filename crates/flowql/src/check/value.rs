//! Reading one value as one of the forms that a rule allows.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Checker, lint};
use crate::syntax::{OperatorUse, Value, ValueKind};
use crate::tables::{Form, Operator, Type, words};
use crate::typed::{ColumnUse, Scalar};
use crate::values::{self, CommunityRange, text};
use crate::{Code, Column, ColumnId, Diagnostic, Edit, Fix, Span};

/// A value that was read.
pub(super) enum Read {
    Scalar(Scalar),
    /// A subnet, with the address as it is written.
    Subnet(IpAddr, IpNet),
    Range(Scalar, Scalar),
    Column(ColumnUse),
    Bits(u64),
}

impl Checker<'_, '_> {
    /// Reads a value; `None`, reported, where it has none of the forms.
    pub(super) fn value(
        &mut self,
        id: ColumnId,
        usage: OperatorUse,
        value: &Value,
        forms: &'static [Form],
    ) -> Option<Read> {
        let wanted = super::value_errors::Wanted { id, usage, forms };
        match value.kind {
            ValueKind::Word => self.word(wanted, value.span),
            ValueKind::String => self.string(wanted, value.span),
        }
    }

    fn word(&mut self, wanted: super::value_errors::Wanted, span: Span) -> Option<Read> {
        let word = span.of(self.text);
        let column = self.context.schema.column(wanted.id);
        for &form in wanted.forms {
            if let Some(read) = self.read_word(column, form, word) {
                return self.accept(column, read, span);
            }
        }
        if let Some(other) = self.context.schema.find(word) {
            return self.other_column(wanted, other, span);
        }
        if let Some(pair) = self.context.schema.pair(word).filter(|_| wanted.forms.contains(&Form::Column)) {
            let diagnostic = self.pair_on_the_right(wanted, pair, span);
            return self.fail(diagnostic);
        }
        let diagnostic = self.why_no_word(wanted, span);
        self.fail(diagnostic)
    }

    /// What stays to be checked, or remarked, of a value that was read.
    fn accept(&mut self, column: &Column, read: Read, span: Span) -> Option<Read> {
        match &read {
            Read::Subnet(written, net) => {
                lint::host_bits(span, *written, *net, self.diagnostics);
                // Prefixes of IPv4 are never stored as mapped ones.
                let is_prefix = column.filter_type == Some(Type::Prefix);
                let net = if is_prefix { values::intervals::unmapped(*net) } else { *net };
                return Some(Read::Scalar(Scalar::Subnet(net)));
            }
            Read::Range(Scalar::Mac(low), Scalar::Mac(high)) => {
                lint::mac_host_bits(span, span.of(self.text), (*low, *high), self.diagnostics);
            }
            Read::Range(low, high) => {
                let (low_text, _) = values::range(span.of(self.text))?;
                let low_span = Span { start: span.start, end: span.start + Span::new(0, low_text.len()).end };
                let high_span = Span { start: low_span.end + 1, end: span.end };
                self.ordered(low, high, low_span, high_span)?;
            }
            Read::Scalar(_) | Read::Column(_) | Read::Bits(_) => {}
        }
        Some(read)
    }

    fn read_word(&self, column: &Column, form: Form, word: &str) -> Option<Read> {
        let scalar = match form {
            Form::Address => Scalar::Address(values::address(word)?),
            Form::Subnet => {
                let (written, net) = values::subnet(word)?;
                return Some(Read::Subnet(written, net));
            }
            Form::Mac => Scalar::Mac(values::mac(word)?),
            Form::MacPrefix => {
                let (_, low, high) = values::mac_prefix(word)?;
                return Some(Read::Range(Scalar::Mac(low), Scalar::Mac(high)));
            }
            Form::Integer => Scalar::Integer(column.number(word).ok()?),
            Form::Asn => Scalar::Integer(u64::from(values::asn(word).ok()?)),
            Form::ProtocolNumber => {
                Scalar::Integer(values::integer(word).ok().filter(|&number| number <= u64::from(u8::MAX))?)
            }
            Form::Community => match self.context.schema.community(word) {
                Some(community) => Scalar::Community(community),
                None => {
                    Scalar::CommunityRange(CommunityRange::parse(word).filter(CommunityRange::is_ordered)?)
                }
            },
            Form::Word => {
                let known = column.filter_type.map(words).unwrap_or_default();
                Scalar::Word(known.iter().find(|known| known.name.eq_ignore_ascii_case(word))?)
            }
            Form::Bit => {
                let (_, mask) = column.bits.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
                return Some(Read::Bits(*mask));
            }
            Form::AddressRange | Form::IntegerRange | Form::AsnRange => {
                let (low, high) = values::range(word)?;
                let (low, high) = (end_of_range(column, form, low)?, end_of_range(column, form, high)?);
                return Some(Read::Range(low, high));
            }
            Form::Text | Form::Pattern | Form::Regexp | Form::ProtocolName | Form::Column => return None,
        };
        Some(Read::Scalar(scalar))
    }

    /// A word that is the name of a column.
    fn other_column(
        &mut self,
        wanted: super::value_errors::Wanted,
        other: ColumnId,
        span: Span,
    ) -> Option<Read> {
        let other = self.usable(other, span)?;
        let schema = self.context.schema;
        let (left, right) = (schema.column(wanted.id), schema.column(other));
        if !wanted.forms.contains(&Form::Column) {
            let message = format!("expecting {}, found the column `{}`", wanted.names(), right.name);
            return self.fail(Diagnostic::new(Code::ColumnNotAllowed, span, message));
        }
        if left.filter_type == right.filter_type && !left.compares_with(right) {
            let message = format!("`{}` and `{}` have different words", self.name_of(wanted.id), right.name);
            return self.fail(Diagnostic::new(Code::TypesDiffer, span, message));
        }
        if left.filter_type != right.filter_type {
            let kind = |column: &Column| column.filter_type.map(Type::name).unwrap_or_default();
            let message = format!(
                "`{}` is of type {} and cannot be compared with `{}` of type {}",
                self.name_of(wanted.id),
                kind(left),
                right.name,
                kind(right)
            );
            return self.fail(Diagnostic::new(Code::TypesDiffer, span, message));
        }
        Some(Read::Column(ColumnUse { id: other, span }))
    }

    fn string(&mut self, wanted: super::value_errors::Wanted, span: Span) -> Option<Read> {
        let column = self.context.schema.column(wanted.id);
        let decoded = text::decode(span.of(self.text));
        for &form in wanted.forms {
            match form {
                Form::Text => {
                    lint::country(&self.registries().countries, column, &decoded, span, self.diagnostics);
                    let text = self.known_text(column, decoded, span)?;
                    return Some(Read::Scalar(Scalar::Text(text)));
                }
                Form::Pattern => {
                    self.check_pattern(&decoded, span, wanted.usage)?;
                    return Some(Read::Scalar(Scalar::Text(decoded.into_owned())));
                }
                Form::Regexp => {
                    self.check_regexp(&decoded, span)?;
                    return Some(Read::Scalar(Scalar::Text(decoded.into_owned())));
                }
                Form::ProtocolName => return Some(Read::Scalar(self.protocol(&decoded, span))),
                Form::Integer if column.port => {
                    if let Some(port) = self.registries().services.port_of(&decoded) {
                        return Some(Read::Scalar(Scalar::Integer(u64::from(port))));
                    }
                }
                Form::Integer => {
                    if let Some((low, high)) = column.named(&decoded) {
                        return self.named_numbers(wanted, (low, high), span);
                    }
                }
                _ => {}
            }
        }
        let diagnostic = self.why_no_string(wanted, span, &decoded);
        self.fail(diagnostic)
    }

    /// The numbers that a name stands for, which only equality and lists take where they are several.
    fn named_numbers(
        &mut self,
        wanted: super::value_errors::Wanted,
        (low, high): (u64, u64),
        span: Span,
    ) -> Option<Read> {
        use Operator::{Eq, In, Ne, NotIn};
        if low == high {
            return Some(Read::Scalar(Scalar::Integer(low)));
        }
        if matches!(wanted.usage.operator, Eq | Ne | In | NotIn) {
            return Some(Read::Range(Scalar::Integer(low), Scalar::Integer(high)));
        }
        let message = format!("`{}` stands for the numbers from {low} to {high}", span.of(self.text));
        let near =
            [low, high].map(|end| Fix::guess(format!("write `{end}`"), Edit::replace(span, end.to_string())));
        self.fail(Diagnostic::new(Code::RangeNotAllowed, span, message).with_fixes(near))
    }

    /// The text, which for a column with words is one of them, in its case.
    fn known_text(&mut self, column: &Column, decoded: Cow<'_, str>, span: Span) -> Option<String> {
        if column.words().is_empty() {
            return Some(decoded.into_owned());
        }
        match column.words().iter().find(|(word, _)| word.eq_ignore_ascii_case(&decoded)) {
            Some((word, _)) => Some((*word).to_owned()),
            None => {
                let diagnostic = self.unknown_text(column, &decoded, span);
                self.fail(diagnostic)
            }
        }
    }

    fn protocol(&mut self, name: &str, span: Span) -> Scalar {
        match self.registries().protocols.by_name(name) {
            Some(known) => Scalar::Integer(u64::from(known.number)),
            None => {
                let diagnostic = self.unknown_protocol(name, span);
                self.report(diagnostic);
                Scalar::ProtocolName(name.to_owned())
            }
        }
    }

    fn check_pattern(&mut self, pattern: &str, span: Span, usage: OperatorUse) -> Option<()> {
        let backslashes = pattern.bytes().rev().take_while(|&byte| byte == b'\\').count();
        if backslashes % 2 == 1 {
            let message = "the pattern ends in a backslash that escapes nothing";
            let mended = text::quote(&format!("{pattern}\\"));
            let fix = Fix::new("double the backslash", Edit::replace(span, mended));
            return self.fail(Diagnostic::new(Code::PatternEndsInBackslash, span, message).with_fix(fix));
        }
        let any_case = matches!(usage.operator, Operator::ILike | Operator::NotILike);
        lint::wildcard(pattern, any_case, span, self.diagnostics);
        Some(())
    }

    fn check_regexp(&mut self, pattern: &str, span: Span) -> Option<()> {
        let Err(error) = values::regexp::check(pattern) else { return Some(()) };
        // Without escapes the pattern stands in the text as it is, one quote further on.
        let literal = span.of(self.text).get(1..).is_some_and(|inner| inner.starts_with(pattern));
        let place =
            if literal { Span::new(error.start + 1, error.end + 1).shifted(span.start) } else { span };
        self.fail(Diagnostic::new(Code::BadRegexp, place, error.kind.message()))
    }

    /// Reports a range whose second end is lower than its first, or of another family.
    pub(super) fn ordered(
        &mut self,
        low: &Scalar,
        high: &Scalar,
        low_span: Span,
        high_span: Span,
    ) -> Option<()> {
        let whole = low_span.to(high_span);
        let reversed = match (low, high) {
            (Scalar::Address(low), Scalar::Address(high)) if low.is_ipv4() != high.is_ipv4() => {
                let message = "the two ends of the range are addresses of different families";
                return self.fail(Diagnostic::new(Code::BadRange, whole, message));
            }
            (Scalar::Address(low), Scalar::Address(high)) => high < low,
            (Scalar::Integer(low), Scalar::Integer(high)) => high < low,
            _ => false,
        };
        if !reversed {
            return Some(());
        }
        let edits = vec![
            Edit::replace(low_span, high_span.of(self.text)),
            Edit::replace(high_span, low_span.of(self.text)),
        ];
        // One of the ends may be misspelt, or short for a number with the head of the other.
        let fix = Fix { sure: false, ..Fix::of_edits("swap the ends", edits) };
        let message = "the second end of the range is lower than the first";
        self.fail(Diagnostic::new(Code::ReversedRange, whole, message).with_fix(fix))
    }
}

fn end_of_range(column: &Column, form: Form, word: &str) -> Option<Scalar> {
    Some(match form {
        Form::AddressRange => Scalar::Address(values::address(word)?),
        Form::AsnRange => Scalar::Integer(u64::from(values::asn(word).ok()?)),
        _ => Scalar::Integer(column.number(word).ok()?),
    })
}
