//! `elements.md`: what exporters send, by the column that it fills.

use std::fmt::Write;

use anyhow::Result;
use flowql::{Column, Schema};
use flowql_schema::elements::{self, Use};
use flowql_schema::sflow;

use super::{code, head, row};

pub(super) fn body() -> Result<String> {
    let mut body = String::from("# What fills the columns\n\n");
    write!(
        body,
        "The information elements of NetFlow and IPFIX, by the registry of IANA of {}, and the records of sFlow. An \
         element after *else* counts where those before it give no value. The number of an enterprise stands before that \
         of its element; numbers above 32767 are NetFlow v9's own. A reverse element (RFC 5103) fills the column of the \
         same element for the other direction. Elements of option records are among those of the columns that \
         they name.\n\n",
        elements::updated()
    )?;
    body.push_str(&head(&["Column", "Elements", "sFlow"]));
    for column in Schema::default().columns() {
        body.push_str(&of_column(column));
    }
    Ok(body)
}

/// The row of a column; empty for one that exporters do not fill.
fn of_column(column: &Column) -> String {
    let (sources, formats) = (sources(&column.name), formats(&column.name));
    if sources.is_empty() && formats.is_empty() {
        return String::new();
    }
    row([code(&column.name).as_str(), &sources, &formats])
}

/// The elements that fill a column, by rank.
fn sources(column: &str) -> String {
    let mut text = String::new();
    let mut last = None;
    for usage in elements::sources(column) {
        text.push_str(match last {
            None => "",
            Some(rank) if rank == usage.rank => ", ",
            Some(_) => "; *else* ",
        });
        text.push_str(&element(usage));
        last = Some(usage.rank);
    }
    text
}

/// The number and the name of an element.
fn element(usage: &Use) -> String {
    let Use { enterprise, number, .. } = usage;
    let name = elements::element(*enterprise, *number).map_or("", |element| element.name);
    if *enterprise == 0 { format!("{number} `{name}`") } else { format!("{enterprise}/{number} `{name}`") }
}

/// The formats of sFlow that fill a column.
fn formats(column: &str) -> String {
    let fills = |format: &&sflow::Format| format.columns.contains(&column);
    super::codes(sflow::Format::all().iter().filter(fills).map(|format| format.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_elements_that_fill_them() {
        let body = body().unwrap();
        let next_hop = "\n| `NextHop` | 15 `ipNextHopIPv4Address`, 62 `ipNextHopIPv6Address`; *else* \
                        18 `bgpNextHopIPv4Address`, 63 `bgpNextHopIPv6Address` | \
                        `extended_router`, `extended_gateway`, `extended_mpls` |\n";
        assert!(body.contains(next_hop));
        assert!(body.contains("2636/137 `forwardingExceptionCode`"));
        assert!(!body.contains("`SrcNetName`"));
    }
}
