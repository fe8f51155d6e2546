//! What `grammar/reference.md` says of types and operators, in Markdown.

use super::generated::reference::{OPERATORS, TYPES};
use super::{Operator, Type};

/// What the reference says of a type.
pub fn of_type(kind: Type) -> Option<&'static str> {
    section(TYPES, kind.name())
}

/// What the reference says of an operator.
pub fn of_operator(operator: Operator) -> Option<&'static str> {
    section(OPERATORS, operator.symbol())
}

fn section(sections: &[(&[&str], &'static str)], name: &str) -> Option<&'static str> {
    sections.iter().find(|(names, _)| names.contains(&name)).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_operator_is_described() {
        for kind in Type::ALL {
            assert!(of_type(kind).is_some_and(|text| !text.is_empty()), "{}", kind.name());
        }
        for operator in super::super::OPERATORS {
            let text = of_operator(operator.operator);
            assert!(text.is_some_and(|text| !text.is_empty()), "{}", operator.operator.symbol());
        }
    }
}
