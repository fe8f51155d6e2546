//! From the typed filter to SQL.

use ipnet::IpNet;

use super::expr::{Array, Bool, Expr, Ip, Large, Text, Uint};
use crate::gather::Gather as _;
use crate::tables::Type;
use crate::typed::{Comparison, Condition, Either, Filter, Member, Scalar, Test};
use crate::values::{Community, CommunityRange, bounds};
use crate::{ColumnId, Schema};

type Sql<'a> = Expr<'a, Bool>;

/// What the SQL is made for.
#[derive(Clone, Copy, Debug)]
pub struct Lowering<'a> {
    /// The columns.
    pub schema: &'a Schema,
    /// The name of the dictionary of protocols, qualified by the database where one is given.
    pub protocols: &'a str,
}

impl<'a> Lowering<'a> {
    /// The SQL of a filter; `None` never occurs for a filter that was checked against the same schema.
    pub fn lower(self, filter: &'a Filter) -> Option<Sql<'a>> {
        match filter {
            Filter::Condition(condition) => self.condition(condition),
            Filter::Either(either) => self.either(either),
            Filter::Not(inner) => Some(self.lower(inner)?.not()),
            Filter::Group(inner) | Filter::Saved { filter: inner, .. } => Some(self.lower(inner)?.parens()),
            Filter::And(terms) => Some(Expr::all(self.terms(terms)?)),
            Filter::Or(terms) => Some(Expr::any(self.terms(terms)?)),
        }
    }

    // Not a part of the frames of `lower`, which calls itself for each level.
    #[inline(never)]
    fn either(self, either: &'a Either) -> Option<Sql<'a>> {
        let sides = either.sides.iter().map(|side| self.condition(side)).list_all();
        Some(Expr::any(sides?).parens().negated_if(either.negated))
    }

    fn terms(self, terms: &'a [Filter]) -> Option<Vec<Sql<'a>>> {
        terms.iter().map(|term| self.lower(term)).list_all()
    }

    /// The SQL of one condition.
    pub fn condition(self, condition: &'a Condition) -> Option<Sql<'a>> {
        let id = condition.column.id;
        match self.schema.column(id).filter_type? {
            Type::Ip => self.address(id, &condition.test),
            Type::Prefix if self.schema.column(id).materialized => self.stored_prefix(id, &condition.test),
            Type::Prefix => self.computed_prefix(id, &condition.test),
            Type::String | Type::Boundary | Type::Direction => self.text(id, &condition.test),
            Type::Uint | Type::Asn | Type::Mac | Type::EType | Type::Proto => {
                self.number(id, &condition.test)
            }
            Type::AsPath | Type::UintArray => self.array(id, &condition.test),
            Type::Community => self.community(id, &condition.test),
        }
    }

    fn column<T: super::expr::Stored>(self, id: ColumnId) -> Option<Expr<'a, T>> {
        Expr::column(self.schema, id)
    }

    fn compare_columns<T: super::expr::Stored>(
        self,
        id: ColumnId,
        comparison: Comparison,
        other: ColumnId,
    ) -> Option<Sql<'a>> {
        Some(self.column::<T>(id)?.compare(comparison, self.column(other)?))
    }

    fn address(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        let column = || self.column::<Ip>(id);
        match test {
            Test::Compare(comparison, Scalar::Subnet(net)) => {
                between_bounds(column()?, *comparison == Comparison::Ne, *net)
            }
            Test::Compare(comparison, value) => Some(column()?.compare(*comparison, address(value)?)),
            Test::CompareColumn(comparison, other) => self.compare_columns::<Ip>(id, *comparison, other.id),
            Test::Within { negated, subnet } => between_bounds(column()?, *negated, *subnet),
            Test::Between { negated, low, high } => {
                Some(column()?.between(*negated, address(low)?, address(high)?))
            }
            Test::OneOf { negated, members } => {
                one_of(*negated, members, column, address, |member| match (&member.value, &member.to) {
                    (Scalar::Subnet(net), _) => between_bounds(column()?, false, *net),
                    (low, Some(high)) => Some(column()?.between(false, address(low)?, address(high)?)),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    fn stored_prefix(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        let column = || self.column::<Text>(id);
        match test {
            Test::Compare(comparison, value) => Some(column()?.compare(*comparison, prefix(value)?)),
            Test::OneOf { negated, members } => one_of(*negated, members, column, prefix, |_| None),
            _ => self.computed_prefix(id, test),
        }
    }

    /// A prefix by the address and the mask it is made of.
    fn computed_prefix(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        match test {
            Test::Compare(comparison, Scalar::Subnet(net)) => {
                Some(self.is_prefix(id, *net, Comparison::Eq)?.negated_if(*comparison == Comparison::Ne))
            }
            Test::CompareColumn(comparison, other) => self.compare_columns::<Text>(id, *comparison, other.id),
            Test::Within { negated, subnet } => {
                Some(self.is_prefix(id, *subnet, Comparison::Ge)?.negated_if(*negated))
            }
            Test::OneOf { negated, members } => {
                let terms: Option<Vec<_>> = members
                    .iter()
                    .map(|member| match &member.value {
                        Scalar::Subnet(net) => self.is_prefix(id, *net, Comparison::Eq),
                        _ => None,
                    })
                    .list_all();
                Some(Expr::any_of(terms?)?.negated_if(*negated))
            }
            _ => None,
        }
    }

    /// The address lies in the subnet and the mask compares with its length as asked.
    fn is_prefix(self, id: ColumnId, net: IpNet, comparison: Comparison) -> Option<Sql<'a>> {
        let (address, mask) = self.schema.prefix_parts(id)?;
        let bits = self.schema.column(mask).uint_bits()?;
        let length = Expr::integer(u64::from(net.prefix_len()), bits);
        let mut terms = vec![
            between_bounds(self.column(address)?, false, net)?,
            self.column::<Uint>(mask)?.compare(comparison, length),
        ];
        let ether_type = self.schema.prefix_ether_type(net).filter(|_| comparison == Comparison::Eq);
        if let Some((column, value)) = ether_type {
            let bits = self.schema.column(column).uint_bits()?;
            let value = Expr::integer(u64::from(value), bits);
            terms.push(self.column::<Uint>(column)?.compare(Comparison::Eq, value));
        }
        Some(Expr::all(terms))
    }

    fn text(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        let column = || self.column::<Text>(id);
        match test {
            Test::Compare(comparison, value) => Some(column()?.compare(*comparison, text(value)?)),
            Test::CompareColumn(comparison, other) => self.compare_columns::<Text>(id, *comparison, other.id),
            Test::OneOf { negated, members } => one_of(*negated, members, column, text, |_| None),
            Test::Like { negated, ignore_case, pattern } => {
                let pattern = if *ignore_case { Expr::text(pattern) } else { Expr::pattern(pattern) };
                Some(column()?.like(*negated, *ignore_case, pattern))
            }
            Test::Regexp { negated, pattern } => {
                Some(column()?.matches(Expr::regexp(pattern)).negated_if(*negated))
            }
            _ => None,
        }
    }

    fn number(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        let column = || self.column::<Uint>(id);
        let bits = self.schema.column(id).uint_bits()?;
        let number = |value: &Scalar| number(value, bits);
        match test {
            Test::Compare(comparison, Scalar::ProtocolName(name)) => {
                Some(self.protocol_name(id)?.compare(*comparison, Expr::text(name)))
            }
            Test::Compare(comparison, value) => Some(column()?.compare(*comparison, number(value)?)),
            Test::CompareColumn(comparison, other) => self.compare_columns::<Uint>(id, *comparison, other.id),
            Test::Between { negated, low, high } => {
                Some(column()?.between(*negated, number(low)?, number(high)?))
            }
            Test::HasBits { negated, mask } => {
                let all_set = column()?.bit_and(Expr::integer(*mask, bits));
                Some(all_set.compare(Comparison::Eq, Expr::same_integer(*mask, bits)).negated_if(*negated))
            }
            Test::OneOf { negated, members } => {
                let named = |member: &&'a Member| matches!(member.value, Scalar::ProtocolName(_));
                let names: Option<Vec<_>> =
                    members.iter().filter(named).map(|member| text(&member.value)).list_all();
                let names = names?;
                if names.is_empty() {
                    return one_of(*negated, members, column, number, |member| {
                        Some(column()?.between(false, number(&member.value)?, number(member.to.as_ref()?)?))
                    });
                }
                let numbers: Option<Vec<_>> = members
                    .iter()
                    .filter(|member| !named(member))
                    .map(|member| number(&member.value))
                    .list_all();
                let numbers = numbers?;
                if numbers.is_empty() {
                    return Some(self.protocol_name(id)?.one_of(*negated, names));
                }
                let terms =
                    vec![column()?.one_of(false, numbers), self.protocol_name(id)?.one_of(false, names)];
                Some(Expr::any_of(terms)?.negated_if(*negated))
            }
            _ => None,
        }
    }

    fn protocol_name(self, id: ColumnId) -> Option<Expr<'a, Text>> {
        Some(Expr::protocol_name(self.protocols, self.column(id)?))
    }

    /// An array that holds integers: an AS path, a label stack.
    fn array(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        let column = self.column::<Array<Uint>>(id)?;
        match test {
            Test::Compare(comparison, value) => {
                Some(column.has(number(value, ITEM_BITS)?).negated_if(*comparison == Comparison::Ne))
            }
            Test::OneOf { negated, members } => {
                let items: Option<Vec<_>> =
                    members.iter().map(|member| number(&member.value, ITEM_BITS)).list_all();
                Some(column.has_any(items?).negated_if(*negated))
            }
            Test::HasAll { negated, members } => {
                let found = match members.as_slice() {
                    [one] => column.has(number(&one.value, ITEM_BITS)?),
                    several => {
                        let items: Option<Vec<_>> =
                            several.iter().map(|member| number(&member.value, ITEM_BITS)).list_all();
                        column.has_all(items?)
                    }
                };
                Some(found.negated_if(*negated))
            }
            _ => None,
        }
    }

    fn community(self, id: ColumnId, test: &'a Test) -> Option<Sql<'a>> {
        match test {
            Test::Compare(comparison, Scalar::CommunityRange(range)) => {
                Some(self.community_range(id, range)?.negated_if(*comparison == Comparison::Ne))
            }
            Test::Compare(comparison, Scalar::Community(community)) => {
                let found = match exact(*community) {
                    Some(Exact::Standard(value)) => self.column(id)?.has(Expr::integer(value, ITEM_BITS)),
                    Some(Exact::Large(parts)) => self.large(id)?.has(Expr::large_community(parts)),
                    None => self.wildcard(id, *community)?,
                };
                Some(found.negated_if(*comparison == Comparison::Ne))
            }
            Test::OneOf { negated, members } => {
                Some(Expr::any_of(self.community_terms(id, members)?)?.negated_if(*negated))
            }
            _ => None,
        }
    }

    /// Standard communities in one term, large ones in the next, then each wildcard.
    fn community_terms(self, id: ColumnId, members: &[Member]) -> Option<Vec<Sql<'a>>> {
        let (mut standard, mut large, mut wildcards) = (Vec::new(), Vec::new(), Vec::new());
        for member in members {
            let community = match &member.value {
                Scalar::Community(community) => *community,
                Scalar::CommunityRange(range) => {
                    wildcards.push(self.community_range(id, range)?);
                    continue;
                }
                _ => return None,
            };
            match exact(community) {
                Some(Exact::Standard(value)) => standard.push(Expr::integer(value, ITEM_BITS)),
                Some(Exact::Large(parts)) => large.push(Expr::large_community(parts)),
                None => wildcards.push(self.wildcard(id, community)?),
            }
        }
        let mut terms = Vec::with_capacity(2 + wildcards.len());
        if !standard.is_empty() {
            terms.push(self.column::<Array<Uint>>(id)?.has_any(standard));
        }
        if !large.is_empty() {
            terms.push(self.large(id)?.has_any(large));
        }
        terms.append(&mut wildcards);
        Some(terms)
    }

    fn large(self, id: ColumnId) -> Option<Expr<'a, Array<Large>>> {
        self.column(self.schema.large_communities(id)?)
    }

    /// Each part that not every community has is cut out and compared.
    fn community_range(self, id: ColumnId, range: &CommunityRange) -> Option<Sql<'a>> {
        let [first, second, third] = range.parts;
        if range.large {
            let item = Expr::<Large>::item;
            let part = |value| Expr::large_part(u64::from(value), 32);
            let cuts = [
                (item().shift_right(64), first),
                (item().shift_right(32).low_bits(32), second),
                (item().low_bits(32), third),
            ];
            return Some(parts_within(self.large(id)?, cuts.into(), range.max(), part));
        }
        let item = Expr::<Uint>::item;
        let part = |value| Expr::integer(u64::from(value), 32);
        let cuts = vec![(item().shift_right(16), first), (item().low_bits(16), second)];
        Some(parts_within(self.column(id)?, cuts, range.max(), part))
    }

    fn wildcard(self, id: ColumnId, community: Community) -> Option<Sql<'a>> {
        match community {
            Community::Standard(parts) => {
                let column = self.column::<Array<Uint>>(id)?;
                let item = Expr::<Uint>::item;
                let part = |value: u16| Expr::integer(u64::from(value), 32);
                Some(match parts {
                    [None, None] => column.not_empty(),
                    [Some(first), _] => {
                        column.exists(item().shift_right(16).compare(Comparison::Eq, part(first)))
                    }
                    [None, Some(second)] => {
                        column.exists(item().low_bits(16).compare(Comparison::Eq, part(second)))
                    }
                })
            }
            Community::Large(parts) => Some(large_wildcard(self.large(id)?, parts)),
        }
    }
}

/// A large community with at least one wildcard: the parts that are given are cut out and compared.
fn large_wildcard<'a>(column: Expr<'a, Array<Large>>, parts: [Option<u32>; 3]) -> Sql<'a> {
    let item = Expr::<Large>::item;
    let equal = |cut: Expr<'a, Large>, value: Expr<'a, Large>| cut.compare(Comparison::Eq, value);
    let one = |part: u32| Expr::large_part(u64::from(part), 32);
    let two = |first: u32, second: u32| Expr::large_part(u64::from(first) << 32 | u64::from(second), 64);
    let found = match parts {
        [None, None, None] => return column.not_empty(),
        [Some(first), None, None] => equal(item().shift_right(64), one(first)),
        [Some(first), Some(second), _] => equal(item().shift_right(32), two(first, second)),
        [Some(first), None, Some(third)] => {
            Expr::all(vec![equal(item().shift_right(64), one(first)), equal(item().low_bits(32), one(third))])
        }
        [None, Some(second), None] => equal(item().shift_right(32).low_bits(32), one(second)),
        [None, Some(second), Some(third)] => equal(item().low_bits(64), two(second, third)),
        [None, None, Some(third)] => equal(item().low_bits(32), one(third)),
    };
    column.exists(found)
}

/// The communities of a column whose parts lie in ranges.
fn parts_within<'a, T>(
    column: Expr<'a, Array<T>>,
    cuts: Vec<(Expr<'a, T>, (u32, u32))>,
    max: u32,
    part: impl Fn(u32) -> Expr<'a, T>,
) -> Sql<'a> {
    let limited = cuts.into_iter().filter(|(_, ends)| *ends != (0, max));
    let mut terms: Vec<Sql<'a>> = limited
        .map(|(cut, (low, high))| match low == high {
            true => cut.compare(Comparison::Eq, part(low)),
            false => cut.between(false, part(low), part(high)),
        })
        .list();
    let found = if terms.len() > 1 { Some(Expr::all(terms)) } else { terms.pop() };
    match found {
        Some(found) => column.exists(found),
        None => column.not_empty(),
    }
}

/// The width of the integers in array columns.
const ITEM_BITS: u32 = 32;

/// A community without wildcards.
enum Exact {
    Standard(u64),
    Large([u32; 3]),
}

fn exact(community: Community) -> Option<Exact> {
    match community {
        Community::Standard([first, second]) => {
            Some(Exact::Standard(u64::from(first?) << 16 | u64::from(second?)))
        }
        Community::Large([first, second, third]) => Some(Exact::Large([first?, second?, third?])),
    }
}

/// A list: the single values in one IN, then a term for each other member; `None` for a bad member.
fn one_of<'a, T>(
    negated: bool,
    members: &'a [Member],
    column: impl Fn() -> Option<Expr<'a, T>>,
    single: impl Fn(&'a Scalar) -> Option<Expr<'a, T>>,
    term: impl Fn(&'a Member) -> Option<Sql<'a>>,
) -> Option<Sql<'a>> {
    let is_single = |member: &&'a Member| member.to.is_none() && single(&member.value).is_some();
    let singles: Vec<_> = members.iter().filter(is_single).filter_map(|member| single(&member.value)).list();
    if singles.len() == members.len() {
        return Some(column()?.one_of(negated, singles));
    }
    let mut terms = Vec::new();
    if !singles.is_empty() {
        terms.push(column()?.one_of(false, singles));
    }
    for member in members.iter().filter(|member| !is_single(member)) {
        terms.push(term(member)?);
    }
    Some(Expr::any_of(terms)?.negated_if(negated))
}

fn between_bounds<'a>(column: Expr<'a, Ip>, negated: bool, net: IpNet) -> Option<Sql<'a>> {
    let (low, high) = bounds(net);
    Some(column.between(negated, Expr::address(low), Expr::address(high)))
}

fn address<'a>(value: &Scalar) -> Option<Expr<'a, Ip>> {
    match value {
        Scalar::Address(address) => Some(Expr::address(*address)),
        _ => None,
    }
}

fn prefix<'a>(value: &Scalar) -> Option<Expr<'a, Text>> {
    match value {
        Scalar::Subnet(net) => Some(Expr::prefix(*net)),
        _ => None,
    }
}

fn text(value: &Scalar) -> Option<Expr<'_, Text>> {
    match value {
        Scalar::Text(text) | Scalar::ProtocolName(text) => Some(Expr::text(text)),
        Scalar::Word(word) => Some(Expr::text(word.name)),
        _ => None,
    }
}

fn number<'a>(value: &Scalar, bits: u32) -> Option<Expr<'a, Uint>> {
    match value {
        Scalar::Integer(number) => Some(Expr::integer(*number, bits)),
        Scalar::Mac(address) => Some(Expr::mac(*address)),
        Scalar::Word(word) => Some(Expr::integer(u64::from(word.number), bits)),
        _ => None,
    }
}
