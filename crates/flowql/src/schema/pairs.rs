//! Either end: the names of two columns that differ in their side alone, without it.

use super::{ColumnId, Schema, compare_names, config};
use crate::gather::Gather as _;

/// Two columns that hold the same of the two ends of a flow, by the name that stands for either of them: `Port` for
/// `SrcPort` and `DstPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name without its side.
    pub name: Box<str>,
    /// The columns, that of the source or of the way in first. Either may be disabled.
    pub columns: [ColumnId; 2],
}

impl Pair {
    /// Whether a column is one of the two.
    pub fn has(&self, id: ColumnId) -> bool {
        self.columns.contains(&id)
    }
}

/// What a name before an operator stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The column; of a pair the first one that is enabled.
    pub(crate) id: ColumnId,
    /// The pair, where the name is one of either end.
    pub(crate) pair: Option<&'a Pair>,
}

/// The sides in names, with those of the opposite direction.
const SIDES: [(&str, &str); 3] = [("Src", "Dst"), ("Ingress", "Egress"), ("In", "Out")];

/// The name of a column for the opposite direction; `None` for a name without a side at its start.
pub(super) fn opposite_of(name: &str) -> Option<String> {
    let swapped = |from: &str, to: &str| Some(format!("{to}{}", name.strip_prefix(from)?));
    SIDES.iter().find_map(|(first, second)| swapped(first, second).or_else(|| swapped(second, first)))
}

/// The name of the first column of a pair without its side.
fn without_side(name: &str, opposite: &str) -> Option<String> {
    let common = name.bytes().zip(opposite.bytes()).take_while(|(one, other)| one == other).count();
    let ((start, rest), other) = (name.split_at_checked(common)?, opposite.get(common..)?);
    SIDES.iter().find_map(|(first, second)| {
        let tail = rest.strip_prefix(first)?;
        (other.strip_prefix(second)? == tail).then(|| format!("{start}{tail}"))
    })
}

impl Schema {
    /// The pairs of filterable columns that a filter can name without their side, in the order of the columns. A name
    /// that a column has already, that means something else, or that two pairs would have, stands for no pair.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The pair of that name, in any case.
    pub fn pair(&self, name: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| compare_names(&pair.name, name).is_eq())
    }

    /// The pair that a column belongs to.
    pub fn pair_of(&self, id: ColumnId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.has(id))
    }

    /// What a name before an operator stands for.
    pub(crate) fn subject(&self, name: &str) -> Option<Subject<'_>> {
        if let Some(id) = self.find(name) {
            return Some(Subject { id, pair: None });
        }
        let pair = self.pair(name)?;
        let [first, second] = pair.columns;
        let off = |id| self.column(id).disabled;
        Some(Subject { id: if off(first) && !off(second) { second } else { first }, pair: Some(pair) })
    }

    /// Finds the pairs, which other columns or names make wrong.
    pub(super) fn find_pairs(&mut self) {
        let named = |id| {
            let column = self.column(id);
            let opposite = column.opposite.as_deref().filter(|_| column.filter_type.is_some())?;
            let name = without_side(&column.name, opposite)?;
            let other = self.find(opposite).filter(|&other| {
                let other = self.column(other);
                other.name == *opposite
                    && column.compares_with(other)
                    && (column.bits, column.port) == (other.bits, other.port)
            })?;
            let free = self.find(&name).is_none() && config::check_name(&name).is_ok();
            free.then(|| Pair { name: name.into(), columns: [id, other] })
        };
        let pairs: Vec<Pair> = self.ids().filter_map(named).list();
        let once = |pair: &&Pair| {
            pairs.iter().filter(|other| compare_names(&other.name, &pair.name).is_eq()).nth(1).is_none()
        };
        self.pairs = pairs.iter().filter(once).cloned().list();
    }
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::{CustomColumn, SchemaConfig};

    fn ends<'a>(schema: &'a Schema, name: &str) -> Option<[&'a str; 2]> {
        Some(schema.pair(name)?.columns.map(|id| schema.column(id).name.as_ref()))
    }

    #[test]
    fn pairs_have_the_names_of_their_columns_without_the_side() {
        let schema = Schema::default();
        for (name, columns) in [
            ("Port", ["SrcPort", "DstPort"]),
            ("as", ["SrcAS", "DstAS"]),
            ("IFBOUNDARY", ["InIfBoundary", "OutIfBoundary"]),
            ("OuterAddr", ["OuterSrcAddr", "OuterDstAddr"]),
            ("VRFID", ["IngressVRFID", "EgressVRFID"]),
            ("VRF", ["InVRF", "OutVRF"]),
        ] {
            assert_eq!(ends(&schema, name), Some(columns), "{name}");
        }
        for none in ["ASPath", "1stAS", "NetMask", "LargeCommunities", "gressVRFID", "", "SrcPort"] {
            assert_eq!(ends(&schema, none), None, "{none}");
        }
        for pair in schema.pairs() {
            assert!(pair.columns.iter().all(|&id| schema.pair_of(id) == Some(pair)));
        }
    }

    #[test]
    fn configured_columns_keep_their_names_and_make_pairs() {
        let names =
            ["Port", "SrcRole", "DstRole", "InRole", "OutRole", "SrcSite", "DstSite", "SrcLike", "DstLike"];
        let column = names.map(|name| CustomColumn {
            name: name.to_owned(),
            kind: if name == "DstSite" { "uint" } else { "string" }.to_owned(),
            ..CustomColumn::default()
        });
        let config = SchemaConfig { column: column.into(), ..SchemaConfig::default() };
        let schema = Schema::configured(&config).unwrap();
        // A column of the name, two pairs of one name, two types, a keyword.
        for none in ["Port", "Role", "Site", "Like"] {
            assert_eq!(ends(&schema, none), None, "{none}");
        }
        let column = ["SrcSite", "DstSite"].map(|name| CustomColumn {
            name: name.to_owned(),
            kind: "string".to_owned(),
            ..CustomColumn::default()
        });
        let config = SchemaConfig { column: column.into(), ..SchemaConfig::default() };
        let schema = Schema::configured(&config).unwrap();
        assert_eq!(ends(&schema, "Site"), Some(["SrcSite", "DstSite"]));
    }

    #[test]
    fn the_opposite_of_a_name() {
        for (name, opposite) in [
            ("SrcRole", Some("DstRole")),
            ("DstRole", Some("SrcRole")),
            ("IngressZone", Some("EgressZone")),
            ("EgressZone", Some("IngressZone")),
            ("InZone", Some("OutZone")),
            ("OutZone", Some("InZone")),
            ("Zone", None),
        ] {
            assert_eq!(opposite_of(name).as_deref(), opposite);
        }
    }
}
