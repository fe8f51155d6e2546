//! Flows as JSON: an object for each, with the names of the columns as keys, as ClickHouse writes them with
//! `FORMAT JSONEachRow`.

mod write;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use flowql::tables::{Registries, Type, words};
use flowql::{ColumnId, ScalarType, Schema};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::computed::Recipe;
use crate::evaluator::Evaluator;
use crate::value::{Kind, Value};

pub use write::Shape;

/// The longest line: a flow with long paths and texts has some kilobytes.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// The text of a line; `None` for an empty one.
///
/// # Errors
///
/// That it is not UTF-8, in words.
pub fn text(line: &[u8]) -> Result<Option<&str>, String> {
    let line = std::str::from_utf8(line)
        .map_err(|error| format!("the line is not valid UTF-8 (at byte {})", error.valid_up_to() + 1))?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    Ok(Some(line).filter(|line| !line.trim_ascii().is_empty()))
}

/// Why a line is no flow.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// It is not a JSON object.
    #[error("not a JSON object: {message} at column {column}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// A value is none of its column's.
    #[error("`{column}` takes {expected}, not {found}")]
    Value {
        /// The column.
        column: String,
        /// What its values are.
        expected: String,
        /// What stands there, cut where it is long.
        found: String,
    },
}

/// Reads the columns that a filter needs from JSON objects.
///
/// A column that a flow does not have is computed from others where the tables do so without a dictionary
/// (`PacketSize`, `Dst1stAS`, `SrcNetPrefix` and the like), and has the value that the database would store otherwise:
/// zero, or an empty text.
#[derive(Debug)]
pub struct Reader {
    fields: Vec<Field>,
    places: HashMap<String, usize>,
    computed: Vec<(usize, Recipe, Vec<usize>)>,
    defaults: Vec<Value>,
    /// Whether a line had the field; of the last line, and of any.
    given: Vec<bool>,
    ever: Vec<bool>,
}

#[derive(Debug)]
struct Field {
    name: String,
    kind: Kind,
    filter_type: Option<Type>,
    /// How many of the numbers of a time are a second.
    ticks: u128,
}

impl Reader {
    /// A reader of the columns of a filter.
    pub fn new(schema: &Schema, evaluator: &Evaluator) -> Self {
        Self::with_columns(schema, evaluator, &[])
    }

    /// A reader of the columns of a filter, and of others: [`Self::place`] says where in a row these are.
    pub fn with_columns(schema: &Schema, evaluator: &Evaluator, others: &[ColumnId]) -> Self {
        let mut reader = Self {
            fields: Vec::new(),
            places: HashMap::new(),
            computed: Vec::new(),
            defaults: Vec::new(),
            given: Vec::new(),
            ever: Vec::new(),
        };
        let mut wanted = evaluator.columns().to_vec();
        for &id in others {
            if !wanted.contains(&id) {
                wanted.push(id);
            }
        }
        for &id in &wanted {
            reader.add(schema, id);
        }
        for (place, id) in wanted.into_iter().enumerate() {
            let Some(recipe) = Recipe::of(schema.column(id)) else { continue };
            let inputs =
                recipe.inputs().into_iter().filter_map(|name| Some(reader.add(schema, schema.find(name)?)));
            let inputs = inputs.collect();
            reader.computed.push((place, recipe, inputs));
        }
        reader.given = vec![false; reader.fields.len()];
        reader.ever = reader.given.clone();
        reader
    }

    /// The place of a column's values in a row.
    fn add(&mut self, schema: &Schema, id: ColumnId) -> usize {
        let column = schema.column(id);
        if let Some(&place) = self.places.get(column.name.as_ref()) {
            return place;
        }
        let kind = Kind::of(column);
        self.places.insert(column.name.to_string(), self.fields.len());
        self.defaults.push(kind.default_value());
        let ticks = match column.clickhouse_type.scalar() {
            Some(ScalarType::DateTime64(precision)) => 10_u128.pow(u32::from(precision)),
            _ => 1,
        };
        let (name, filter_type) = (column.name.to_string(), column.filter_type);
        self.fields.push(Field { name, kind, filter_type, ticks });
        self.fields.len() - 1
    }

    /// The place of a column in a row; `None` for one that is not read.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.places.get(column).copied()
    }

    /// Whether the last line had a column.
    pub fn is_given(&self, place: usize) -> bool {
        self.given.get(place) == Some(&true)
    }

    /// Reads a line into `row`, which is then ready for the evaluator.
    ///
    /// # Errors
    ///
    /// A line that is no JSON object, or a value that is none of its column's.
    pub fn read(&mut self, line: &str, row: &mut Vec<Value>) -> Result<(), Error> {
        row.clone_from(&self.defaults);
        self.given.fill(false);
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let outcome = deserializer
            .deserialize_map(Wanted(&self.places))
            .and_then(|found| deserializer.end().map(|()| found));
        for (place, raw) in outcome.map_err(|error| syntax(&error))? {
            let (Some(field), Some(value)) = (self.fields.get(place), row.get_mut(place)) else { continue };
            if raw.get() == "null" {
                continue;
            }
            *value = field.read(raw).ok_or_else(|| field.refuse(raw))?;
            self.given.get_mut(place).into_iter().for_each(|given| *given = true);
        }
        for (ever, &given) in self.ever.iter_mut().zip(&self.given) {
            *ever |= given;
        }
        for (place, recipe, inputs) in &self.computed {
            if self.given.get(*place) == Some(&false) {
                let inputs: Vec<&Value> = inputs.iter().filter_map(|&input| row.get(input)).collect();
                let value = recipe.value(&inputs);
                row.get_mut(*place).into_iter().for_each(|found| found.clone_from(&value));
            }
        }
        Ok(())
    }

    /// The columns of the filter that no line had, nor what they could have been computed from.
    pub fn never_given(&self) -> Vec<&str> {
        let given = |place: usize| self.ever.get(place) == Some(&true);
        let from_others = |place: usize| {
            let recipe = self.computed.iter().find(|(computed, ..)| *computed == place);
            recipe.is_some_and(|(_, _, inputs)| inputs.iter().any(|&input| given(input)))
        };
        let inputs = |place: &usize| self.computed.iter().any(|(_, _, inputs)| inputs.contains(place));
        let missing = (0..self.fields.len()).filter(|&place| !given(place) && !from_others(place));
        missing
            .filter(|place| !inputs(place))
            .filter_map(|place| Some(self.fields.get(place)?.name.as_str()))
            .collect()
    }
}

fn syntax(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default().to_owned();
    Error::Syntax { message, column: error.column() }
}

/// The fields that are wanted of an object, as they are written.
struct Wanted<'a>(&'a HashMap<String, usize>);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<(usize, &'de RawValue)>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object with the columns of a flow")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            match self.0.get(key.as_ref()) {
                Some(&place) => found.push((place, map.next_value()?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl Field {
    fn read(&self, raw: &RawValue) -> Option<Value> {
        let text = || <Cow<'_, str>>::deserialize(raw).ok().filter(|_| raw.get().starts_with('"'));
        Some(match &self.kind {
            Kind::Number(bits) => Value::Number(fitting(self.number(raw)?, *bits)?),
            Kind::Time => Value::Number(match whole(raw.get()) {
                Some(seconds) => seconds.checked_mul(self.ticks)?,
                None => time(&text()?, self.ticks)?,
            }),
            Kind::Address => Value::Number(crate::evaluator::bits(text()?.parse::<IpAddr>().ok()?)),
            Kind::Text => Value::Text(text()?.into_owned()),
            Kind::FixedText(length) => {
                let mut text = text()?.into_owned();
                let missing = length.checked_sub(text.len())?;
                text.push_str(&"\0".repeat(missing));
                Value::Text(text)
            }
            Kind::Word(words) => Value::Text(match text() {
                Some(text) => words.iter().find(|word| word.eq_ignore_ascii_case(&text))?.clone(),
                None => words.get(usize::try_from(whole(raw.get())?).ok()?)?.clone(),
            }),
            Kind::Numbers(bits) => {
                let items = Vec::<&RawValue>::deserialize(raw).ok()?;
                let numbers = items.into_iter().map(|item| fitting(self.number(item)?, *bits));
                Value::Numbers(numbers.collect::<Option<_>>()?)
            }
        })
    }

    /// A number, in quotes or not, or what stands for one: a MAC address, a word, the name of a protocol.
    fn number(&self, raw: &RawValue) -> Option<u128> {
        if let Some(number) = whole(raw.get()) {
            return Some(number);
        }
        let text = <Cow<'_, str>>::deserialize(raw).ok()?;
        if let Some(number) = whole(&text) {
            return Some(number);
        }
        match self.filter_type? {
            Type::Mac => mac(&text),
            Type::Proto => {
                Registries::built_in().protocols.by_name(&text).map(|known| u128::from(known.number))
            }
            kind => {
                let known = words(kind).iter().find(|word| word.name.eq_ignore_ascii_case(&text))?;
                Some(u128::from(known.number))
            }
        }
    }

    fn refuse(&self, raw: &RawValue) -> Error {
        let expected = match &self.kind {
            Kind::Number(bits) => format!("an unsigned integer of at most {bits} bits"),
            Kind::Time => "seconds since 1970, or a time in UTC as `2026-01-31 10:00:00`".to_owned(),
            Kind::Address => "an IP address in quotes".to_owned(),
            Kind::Text => "a string".to_owned(),
            Kind::FixedText(length) => format!("a string of at most {length} bytes"),
            Kind::Word(words) => format!("one of `{}`", words.join("`, `")),
            Kind::Numbers(bits) => format!("an array of unsigned integers of at most {bits} bits"),
        };
        let mut found: String = raw.get().chars().take(40).collect();
        if found.len() < raw.get().len() {
            found.push('…');
        }
        Error::Value { column: self.name.clone(), expected, found: format!("`{found}`") }
    }
}

fn fitting(number: u128, bits: u32) -> Option<u128> {
    (bits >= 128 || number >> bits == 0).then_some(number)
}

/// A decimal number without sign, point or exponent.
fn whole(text: &str) -> Option<u128> {
    let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The time since 1970 of a time in UTC, as ClickHouse or ISO writes it, in so many parts of a second.
fn time(text: &str, ticks: u128) -> Option<u128> {
    if let Some(number) = whole(text) {
        return number.checked_mul(ticks);
    }
    let time = text.strip_suffix('Z').unwrap_or(text).parse::<DateTime>().ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?;
    let nanoseconds = u128::try_from(time.timestamp().as_nanosecond()).ok()?;
    Some(nanoseconds.checked_mul(ticks)? / 1_000_000_000)
}

/// A MAC address with colons or hyphens.
fn mac(text: &str) -> Option<u128> {
    let mut bytes = text.split([':', '-']).map(|byte| match byte.len() {
        2 => u8::from_str_radix(byte, 16).ok(),
        _ => None,
    });
    let number = bytes.by_ref().take(6).try_fold(0, |number, byte| Some(number << 8 | u128::from(byte?)))?;
    (text.len() == 17 && bytes.next().is_none()).then_some(number)
}

#[cfg(test)]
mod tests;
