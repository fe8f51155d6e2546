//! `words.md`: the words of the language.

use std::fmt::Write;

use anyhow::Result;
use flowql::Schema;
use flowql::tables::{KEYWORDS, OPERATORS, Registries, Type, words};

use super::{code, codes, head, row};

pub(super) fn body() -> Result<String> {
    let mut body = String::from("# The words of the language\n\n");
    keywords(&mut body)?;
    operators(&mut body);
    enumerations(&mut body)?;
    column_words(&mut body)?;
    names_of_numbers(&mut body)?;
    named_bits(&mut body)?;
    communities(&mut body);
    protocols(&mut body);
    let (services, ports) = (Registries::built_in().services.all().count(), ports());
    write!(
        body,
        "\n## Services\n\n\
         A port column takes the names of the TCP and UDP services of the IANA registry, in quotes and in any \
         case: {services} names of {ports} ports, as `\"https\"`, `\"domain\"` or `\"bgp\"`.\n\n\
         ## Countries\n\n\
         A country column holds the codes of ISO 3166-1, of two capital letters: {} of them, as `\"FR\"` or \
         `\"US\"`.\n",
        Registries::built_in().countries.all().count()
    )?;
    Ok(body)
}

fn ports() -> usize {
    Registries::built_in()
        .services
        .all()
        .map(|(_, port)| port)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

fn keywords(body: &mut String) -> Result<()> {
    write!(
        body,
        "## Keywords\n\n\
         Keywords are written in any case, and are never a value, a column or a name.\n\n{}.\n",
        codes(KEYWORDS)
    )?;
    Ok(())
}

fn operators(body: &mut String) {
    body.push_str("\n## Operators\n\n");
    body.push_str(&head(&["Operator", "Also", "What it asks"]));
    let schema = Schema::default();
    for info in OPERATORS {
        let doc = schema.doc_of_operator(info.operator);
        body.push_str(&row([code(info.symbol).as_str(), &codes(info.aliases.iter().copied()), doc]));
    }
}

fn enumerations(body: &mut String) -> Result<()> {
    body.push_str("\n## Words of enumerated columns\n\nThey are written without quotes, in any case.\n\n");
    body.push_str(&head(&["Type", "Word", "Stored as", "What it means"]));
    for kind in Type::ALL {
        for word in words(kind) {
            let (kind_cell, name, number) = (code(kind.name()), code(word.name), word.number.to_string());
            body.push_str(&row([kind_cell.as_str(), &name, &number, word.doc]));
        }
    }
    Ok(())
}

fn column_words(body: &mut String) -> Result<()> {
    body.push_str(
        "\n## Words of text columns\n\nThese columns hold words of their own and no other text. A word is written in \
         quotes, in any case; patterns and regular expressions match it in the case of the table.\n\n",
    );
    body.push_str(&head(&["Column", "Words"]));
    for column in Schema::default().columns().iter().filter(|column| !column.words().is_empty()) {
        let words = codes(column.words().iter().map(|(word, _)| *word));
        body.push_str(&row([code(&column.name).as_str(), &words]));
    }
    Ok(())
}

fn names_of_numbers(body: &mut String) -> Result<()> {
    body.push_str(
        "\n## Names of numbers\n\nThese columns take names for their numbers, in quotes and in any case. A name for several \
         numbers stands for any of them, and only `=`, `!=` and lists take it.\n",
    );
    for column in Schema::default().columns().iter().filter(|column| !column.names.is_empty()) {
        write!(body, "\nOf `{}`:\n\n", column.name)?;
        body.push_str(&head(&["Name", "Numbers"]));
        for (name, low, high) in column.names {
            let numbers = if low == high { low.to_string() } else { format!("{low} to {high}") };
            body.push_str(&row([code(name).as_str(), &numbers]));
        }
    }
    Ok(())
}

fn named_bits(body: &mut String) -> Result<()> {
    body.push_str("\n## Named bits\n\n`HAS` takes their names without quotes, in any case.\n");
    for column in Schema::default().columns().iter().filter(|column| !column.bits.is_empty()) {
        write!(body, "\nOf `{}`:\n\n", column.name)?;
        body.push_str(&head(&["Flag", "Mask"]));
        for (name, mask) in column.bits {
            body.push_str(&row([code(name).as_str(), &mask.to_string()]));
        }
    }
    Ok(())
}

fn communities(body: &mut String) {
    body.push_str(
        "\n## Well-known communities\n\n\
         They are written without quotes, in any case. The section `[communities]` of `flowql.toml` adds names.\n\n",
    );
    body.push_str(&head(&["Name", "Value", "Defined by", "What it asks of a router"]));
    for known in Registries::built_in().communities.all() {
        let value = format!("`{}:{}`", known.value.0, known.value.1);
        body.push_str(&row([code(known.name).as_str(), &value, known.source, known.description]));
    }
}

fn protocols(body: &mut String) {
    body.push_str(
        "\n## Protocols\n\n\
         The keywords of the IANA registry, which `proto` columns take in quotes and in any case.\n\n",
    );
    body.push_str(&head(&["Number", "Name", "Also", "What it is"]));
    for protocol in Registries::built_in().protocols.all() {
        let also = codes(protocol.aliases());
        let number = protocol.number.to_string();
        body.push_str(&row([number.as_str(), &code(protocol.name), &also, protocol.description]));
    }
}
