//! Files of networks: CSV with any separator, or JSON, either of them compressed by gzip.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};

use super::layer::Prefixes;
use super::record::{Field, Record};
use super::section::{NetworkFormat, NetworkSourceSection};

/// The most that a file may hold, uncompressed.
const MOST_BYTES: u64 = 2 << 30;
/// The most prefixes of a source.
pub(crate) const MOST_PREFIXES: usize = 20_000_000;

/// What a file gave.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) prefixes: Prefixes,
    /// How many records were left out because something is wrong with them.
    pub(crate) skipped: usize,
    /// What is wrong with the first of them.
    pub(crate) first_fault: Option<String>,
}

impl Loaded {
    fn take(&mut self, place: impl FnOnce() -> String, record: Result<Record, String>) -> Result<(), String> {
        match record.and_then(Record::finish) {
            Ok((prefixes, facts)) => {
                if self.prefixes.len() + prefixes.len() > MOST_PREFIXES {
                    return Err(format!("it has more than {MOST_PREFIXES} prefixes"));
                }
                let row = self.prefixes.intern(&facts);
                prefixes.into_iter().for_each(|prefix| self.prefixes.push_row(prefix, row));
            }
            Err(message) => {
                self.skipped += 1;
                self.first_fault.get_or_insert_with(|| format!("{}: {message}", place()));
            }
        }
        Ok(())
    }
}

/// Reads the file of a source.
///
/// # Errors
///
/// That it cannot be read, is none of its format, is too large, or has no record that is right.
pub(crate) fn load(section: &NetworkSourceSection) -> Result<Loaded, String> {
    let path = Path::new(&section.file);
    let bytes = contents(path)?;
    parse(section, &bytes)
}

/// The bytes of a file.
pub(crate) fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("cannot open it: {error}"))?;
    read_bounded(file, &mut bytes)?;
    Ok(bytes)
}

fn read_bounded(reader: impl Read, bytes: &mut Vec<u8>) -> Result<(), String> {
    let read = reader.take(MOST_BYTES + 1).read_to_end(bytes);
    match read.map_err(|error| format!("cannot read it: {error}"))? as u64 {
        read if read > MOST_BYTES => Err(format!("it has more than {MOST_BYTES} bytes")),
        _ => Ok(()),
    }
}

/// Reads the bytes of a source's file.
pub(crate) fn parse(section: &NetworkSourceSection, bytes: &[u8]) -> Result<Loaded, String> {
    let mut unpacked = Vec::new();
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        read_bounded(MultiGzDecoder::new(bytes), &mut unpacked)?;
        &unpacked
    } else {
        bytes
    };
    let is_json = match section.format {
        NetworkFormat::Auto => bytes
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_some_and(|&byte| byte == b'[' || byte == b'{'),
        NetworkFormat::Csv => false,
        NetworkFormat::Json => true,
    };
    let mut loaded = Loaded::default();
    if is_json {
        json(section, bytes, &mut loaded)?;
    } else {
        csv(section, bytes, &mut loaded)?;
    }
    match &loaded.first_fault {
        Some(fault) if loaded.prefixes.len() == 0 => Err(fault.clone()),
        _ => Ok(loaded),
    }
}

fn csv(section: &NetworkSourceSection, bytes: &[u8], loaded: &mut Loaded) -> Result<(), String> {
    let separator = section.separator_byte().ok_or("its separator is not one character of ASCII")?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let mut columns: Option<Vec<Option<Field>>> = match section.columns.is_empty() {
        true => None,
        false => Some(section.columns.iter().map(|name| Field::of_name(name)).collect()),
    };
    let mut line = csv::ByteRecord::new();
    while reader.read_byte_record(&mut line).map_err(|error| format!("it is not CSV: {error}"))? {
        let Some(columns) = &columns else {
            columns = Some(header(&line)?);
            continue;
        };
        let place = || format!("line {}", line.position().map_or(0, csv::Position::line));
        loaded.take(place, csv_record(columns, &line))?;
    }
    Ok(())
}

/// The fields of the columns, by the first line.
fn header(line: &csv::ByteRecord) -> Result<Vec<Option<Field>>, String> {
    let name = |name: &[u8]| Field::of_name(String::from_utf8_lossy(name).trim_start_matches('\u{feff}'));
    let columns: Vec<Option<Field>> = line.iter().map(name).collect();
    let has = |field| columns.contains(&Some(field));
    if has(Field::Prefix)
        || (has(Field::Address) && has(Field::Length))
        || (has(Field::First) && has(Field::Last))
    {
        return Ok(columns);
    }
    Err("its first line names no column `prefix`, `address` and `length`, or `first` and `last`; name the columns by \
         `columns`"
        .to_owned())
}

fn csv_record(columns: &[Option<Field>], line: &csv::ByteRecord) -> Result<Record, String> {
    let mut record = Record::default();
    for (field, text) in columns.iter().zip(line) {
        if let Some(field) = field {
            record.set(*field, &String::from_utf8_lossy(text))?;
        }
    }
    Ok(record)
}

fn json(section: &NetworkSourceSection, bytes: &[u8], loaded: &mut Loaded) -> Result<(), String> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    let mut lists = section.lists.iter().map(|key| {
        let found = key.split('.').try_fold(&document, |value, key| value.get(key));
        found.ok_or_else(|| format!("it has no `{key}`"))
    });
    if section.lists.is_empty() {
        return json_list(&document, "", loaded);
    }
    lists.try_for_each(|list| json_list(list?, "", loaded))
}

/// A list of objects or prefixes, or an object whose keys are prefixes and whose values are objects or names.
fn json_list(list: &Value, path: &str, loaded: &mut Loaded) -> Result<(), String> {
    match list {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            loaded.take(|| format!("{path}[{index}]"), json_record(item, None))
        }),
        Value::Object(items) => items.iter().try_for_each(|(prefix, item)| {
            loaded.take(|| crate::text::clipped(prefix, 60).to_owned(), json_record(item, Some(prefix)))
        }),
        _ => Err("it is neither a list nor an object; say by `lists` where the lists are".to_owned()),
    }
}

fn json_record(item: &Value, prefix: Option<&str>) -> Result<Record, String> {
    let mut record = Record::default();
    prefix.map_or(Ok(()), |prefix| record.set(Field::Prefix, prefix))?;
    match (item, prefix) {
        (Value::Object(object), _) => json_fields(object, &mut record)?,
        (Value::String(name), Some(_)) => record.set(Field::Fact(super::Fact::Name), name)?,
        (Value::String(prefix), None) => record.set(Field::Prefix, prefix)?,
        _ => return Err("it is not an object".to_owned()),
    }
    Ok(record)
}

fn json_fields(object: &Map<String, Value>, record: &mut Record) -> Result<(), String> {
    for (key, value) in object {
        let Some(field) = Field::of_name(key) else { continue };
        match value {
            Value::String(text) => record.set(field, text)?,
            Value::Number(number) => record.set(field, &number.to_string())?,
            Value::Null => {}
            _ => return Err(format!("its `{key}` is neither a text nor a number")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
