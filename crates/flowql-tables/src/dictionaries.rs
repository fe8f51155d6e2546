//! The dictionaries: names for numbers.
//!
//! Each is read from a table beside it, `asns` from `asns_names`, so that any server can load it without a file or a
//! service of its own. Those of an Akvorado database, which come over HTTP, have the same form and are left alone.

use std::fmt::Write as _;

use flowql::tables::Registries;
use flowql_client::{Sql, sql};

use super::layout::Layout;
use super::{Catalog, Statement};

/// A dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dictionary {
    /// The name.
    pub name: &'static str,
    /// The columns that make the key, with their types.
    pub key: &'static [(&'static str, &'static str)],
    /// The attributes, all texts.
    pub attributes: &'static [&'static str],
}

/// Every dictionary.
pub const DICTIONARIES: &[Dictionary] = &[
    Dictionary { name: "asns", key: &[("asn", "UInt32")], attributes: &["name"] },
    Dictionary { name: "protocols", key: &[("proto", "UInt8")], attributes: &["name", "description"] },
    Dictionary {
        name: "icmp",
        key: &[("proto", "UInt8"), ("type", "UInt8"), ("code", "UInt8")],
        attributes: &["name"],
    },
    Dictionary { name: "tcp", key: &[("port", "UInt16")], attributes: &["name"] },
    Dictionary { name: "udp", key: &[("port", "UInt16")], attributes: &["name"] },
];

/// The names of autonomous systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsNames(Vec<(u32, String)>);

impl AsNames {
    /// Reads a file of lines, each a number and a name after a comma or a tab; the number may be written `AS15169`, and
    /// the name may be in double quotes. Empty lines, lines that begin with `#` and a header are passed over.
    ///
    /// # Errors
    ///
    /// The first line that is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut names = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim().trim_start_matches('\u{feff}');
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (number, name) = line.split_once([',', '\t']).unwrap_or((line, ""));
            let digits = number.trim().trim_start_matches(['A', 'a']).trim_start_matches(['S', 's']);
            match digits.parse() {
                Ok(number) => names.push((number, unquoted(name.trim()))),
                Err(_) if names.is_empty() => {}
                Err(_) => return Err(format!("line {}: `{number}` is no AS number", index + 1)),
            }
        }
        if names.is_empty() {
            return Err("it has no line like `15169,Google`".to_owned());
        }
        Ok(Self(names))
    }

    /// The numbers with their names.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.0.iter().map(|(number, name)| (*number, name.as_str()))
    }
}

fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

/// The names that FlowQL brings: the networks that an edge sees most.
pub fn shipped_as_names() -> AsNames {
    AsNames::parse(include_str!("../data/asns.csv")).unwrap_or_else(|_| AsNames(Vec::new()))
}

impl Dictionary {
    fn source(&self) -> String {
        format!("{}_names", self.name)
    }

    fn key_names(&self) -> Sql {
        Sql::list(self.key.iter().map(|(name, _)| *name), ", ")
    }

    fn columns(&self) -> Sql {
        let column = |name, kind| sql!("{name} {kind}", name, kind);
        let keys = self.key.iter().map(|&(name, kind)| column(name, kind));
        let attributes = self.attributes.iter().map(|&name| column(name, "String"));
        Sql::list(keys.chain(attributes), ", ")
    }

    fn table(&self, layout: &Layout, name: &str) -> Sql {
        sql!(
            "CREATE TABLE IF NOT EXISTS {table} ({columns})\nENGINE = {engine}\nORDER BY ({key})",
            table = layout.table(name),
            columns = self.columns(),
            engine = layout.engine("MergeTree", ""),
            key = self.key_names()
        )
    }

    /// What makes the dictionary and the table that it is read from, where they are not there.
    pub(crate) fn create(&self, layout: &Layout, found: &Catalog) -> Vec<Statement> {
        let mut statements = Vec::new();
        let source = self.source();
        if !found.tables.contains_key(&source) {
            statements
                .push(Statement::new(format!("create the table {source}"), self.table(layout, &source)));
        }
        let names = self.key.iter().map(|(name, _)| *name).chain(self.attributes.iter().copied());
        let query = sql!(
            "SELECT {names} FROM {source}",
            names = Sql::list(names, ", "),
            source = layout.table(&source)
        );
        let login = layout.login.as_ref().map(|login| {
            let (user, password) = (Sql::string(&login.user), Sql::string(&login.password));
            sql!("USER {user} PASSWORD {password} ", user, password)
        });
        let shape = if self.key.len() > 1 { "COMPLEX_KEY_HASHED" } else { "HASHED" };
        statements.push(Statement::new(
            format!("create the dictionary {}", self.name),
            sql!(
                "CREATE DICTIONARY IF NOT EXISTS {name} ({columns})\nPRIMARY KEY {key}\n\
                 SOURCE(CLICKHOUSE({login}QUERY {query}))\nLIFETIME(MIN 300 MAX 3600)\nLAYOUT({shape}())",
                name = layout.table(self.name),
                columns = self.columns(),
                key = self.key_names(),
                login = login.unwrap_or_default(),
                query = Sql::string(&query.to_string()),
                shape
            ),
        ));
        statements
    }

    /// What puts names in the place of those that are there, all at once.
    pub(crate) fn fill(&self, layout: &Layout, csv: String) -> Vec<Statement> {
        let (source, fresh) = (self.source(), format!("{}_names_new", self.name));
        let (old, new) = (layout.table(&source), layout.table(&fresh));
        let what = format!("fill the dictionary {}", self.name);
        let insert = Statement {
            data: Some(csv),
            ..Statement::new(what.clone(), sql!("INSERT INTO {new} FORMAT CSV", new = &new))
        };
        let then = |sql: Sql| Statement::new(what.clone(), sql);
        vec![
            then(sql!("DROP TABLE IF EXISTS {new}", new = &new)),
            then(self.table(layout, &fresh)),
            insert,
            then(sql!("EXCHANGE TABLES {new} AND {old}", new = &new, old)),
            then(sql!("DROP TABLE {new}", new)),
            then(sql!("SYSTEM RELOAD DICTIONARY {name}", name = layout.table(self.name))),
        ]
    }

    /// The rows that FlowQL brings, as CSV.
    pub(crate) fn shipped(&self) -> String {
        let mut csv = String::new();
        match self.name {
            "asns" => return as_csv(&shipped_as_names()),
            "protocols" => {
                for protocol in Registries::built_in().protocols.all() {
                    let name = protocol.name.to_uppercase();
                    line(&mut csv, &protocol.number.to_string(), &[&name, protocol.description]);
                }
            }
            "icmp" => return include_str!("../data/icmp.csv").to_owned(),
            _ => {
                for port in 1..=u16::MAX {
                    if let Some(name) = Registries::built_in().services.name_of(port) {
                        line(&mut csv, &port.to_string(), &[name]);
                    }
                }
            }
        }
        csv
    }
}

/// The names of autonomous systems as CSV.
pub(crate) fn as_csv(names: &AsNames) -> String {
    let mut csv = String::new();
    for (number, name) in names.iter() {
        line(&mut csv, &number.to_string(), &[name]);
    }
    csv
}

fn line(csv: &mut String, key: &str, texts: &[&str]) {
    csv.push_str(key);
    for text in texts {
        // Writing to a string cannot fail.
        let _ = write!(csv, ",\"{}\"", text.replace('"', "\"\""));
    }
    csv.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_as_names_are_read() {
        let names = AsNames::parse("asn,name\n# x\n15169,Google\nAS3215\t\"Orange, \"\"S.A.\"\"\"\n\nas1,\n")
            .unwrap();
        let read: Vec<_> = names.iter().collect();
        assert_eq!(read, [(15_169, "Google"), (3215, "Orange, \"S.A.\""), (1, "")]);
        assert_eq!(AsNames::parse("1,a\nx,b\n").unwrap_err(), "line 2: `x` is no AS number");
        assert!(AsNames::parse("asn,name\n").is_err());
        assert!(AsNames::parse("4294967296,a\n").is_err());
    }

    #[test]
    fn the_shipped_names_are_read() {
        let numbers: Vec<u32> = shipped_as_names().iter().map(|(number, _)| number).collect();
        assert!(numbers.len() > 250, "{}", numbers.len());
        assert!(numbers.is_sorted_by(|first, second| first < second));
        assert!(shipped_as_names().iter().all(|(_, name)| !name.is_empty()));
    }

    #[test]
    fn every_dictionary_has_rows_of_its_form() {
        for dictionary in DICTIONARIES {
            let csv = dictionary.shipped();
            let fields = dictionary.key.len() + dictionary.attributes.len();
            assert!(csv.lines().count() > 40, "{}", dictionary.name);
            for line in csv.lines() {
                let (keys, texts) = line.split_once(",\"").unwrap();
                assert!(keys.split(',').all(|key| key.parse::<u32>().is_ok()), "{line}");
                assert_eq!(keys.split(',').count() + texts.split("\",\"").count(), fields, "{line}");
            }
        }
    }
}
