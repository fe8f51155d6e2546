//! What values mean, so that a list is not offered what it holds in another spelling.

use crate::gather::Gather as _;
use crate::tables::Type;
use crate::values::{self, Community};
use crate::{Column, Compiler};

/// A value as its column reads it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// A number, whatever it is named.
    Number(u64),
    /// A community, whatever it is named.
    Community(Community),
    /// A text that stands for itself.
    Text(String),
}

/// The meanings of the items of a list.
pub(super) struct Meanings(Vec<Meaning>);

impl Meanings {
    pub(super) fn of(compiler: &Compiler<'_>, column: &Column, items: &[String]) -> Self {
        let mut meanings: Vec<Meaning> = items.iter().map(|item| meaning(compiler, column, item)).list();
        meanings.sort_unstable();
        Self(meanings)
    }

    /// Whether an item means the same as a value.
    pub(super) fn hold(&self, compiler: &Compiler<'_>, column: &Column, value: &str) -> bool {
        !self.0.is_empty() && self.0.binary_search(&meaning(compiler, column, value)).is_ok()
    }
}

fn meaning(compiler: &Compiler<'_>, column: &Column, value: &str) -> Meaning {
    let number = || column.number(value).ok();
    let registries = compiler.schema.registries();
    let read = match column.filter_type {
        Some(Type::String) => return Meaning::Text(value.to_owned()),
        Some(Type::Asn | Type::AsPath) => values::asn(value).ok().map(|asn| Meaning::Number(asn.into())),
        Some(Type::Proto) => {
            let named = || registries.protocols.by_name(value).map(|protocol| protocol.number.into());
            number().or_else(named).map(Meaning::Number)
        }
        Some(Type::Uint) => {
            let named = || registries.services.port_of(value).filter(|_| column.port).map(u64::from);
            let name = || column.named(value).filter(|(low, high)| low == high).map(|(number, _)| number);
            number().or_else(named).or_else(name).map(Meaning::Number)
        }
        Some(Type::Community) => compiler.schema.community(value).map(Meaning::Community),
        _ => None,
    };
    read.unwrap_or_else(|| Meaning::Text(value.to_ascii_lowercase()))
}
