//! Candidates that are no values: columns, operators, connectives, punctuation.

use super::context::Context;
use super::matching::rank;
use super::{Candidate, CandidateKind, Completions};
use crate::gather::{Gather as _, add_all};
use crate::schema::Pair;
use crate::tables::{Arity, Operator, Type};
use crate::{Column, ColumnId, Compiler, Options};

/// What may begin a condition.
pub(super) fn conditions(compiler: &Compiler<'_>, context: &Context<'_>, completions: &mut Completions) {
    if let Some(name) = context.partial.strip_prefix('@') {
        saved_filters(compiler, context, name, completions);
        return;
    }
    if !context.partial.is_empty() && !super::context::is_word(context.partial) {
        return;
    }
    for name in ranked_names(compiler, context.partial) {
        completions.candidates.push(match name {
            Name::Column(column) => column_candidate(column, context.word(&column.name)),
            Name::Pair(pair) => pair_candidate(compiler, pair, context.word(&pair.name)),
        });
    }
    if rank("NOT", context.partial).is_some_and(|rank| rank < 2) {
        // After the columns that begin with what was typed, before those that only contain it.
        let is_pair = |candidate: &Candidate| candidate.detail == EITHER_END;
        let begins = |candidate: &Candidate| {
            context.partial.is_empty()
                || !is_pair(candidate) && rank(&candidate.label, context.partial).is_some_and(|rank| rank < 2)
        };
        let place = completions.candidates.iter().take_while(|candidate| begins(candidate)).count();
        let not = keyword("NOT", "negation", "Selects the flows that do not match.", context);
        completions.candidates.insert(place, not);
    }
    if context.partial.is_empty() {
        let before = if context.blank_before() { " " } else { "" };
        completions.candidates.push(punctuation("(", "group", format!("{before}(")));
    }
}

/// What the name of a pair is.
const EITHER_END: &str = "either end";

/// A name that begins a condition.
enum Name<'a> {
    Column(&'a Column),
    Pair(&'a Pair),
}

/// The names of columns and pairs that match what was typed, the best first. A pair comes right before its columns where
/// it matches no worse: who types `port` gets `Port` first.
fn ranked_names<'a>(compiler: &Compiler<'a>, typed: &str) -> Vec<Name<'a>> {
    let schema = compiler.schema;
    let popularity = |id: ColumnId| schema.column(id).popularity.wrapping_sub(1);
    let column = |id: ColumnId| {
        let column = schema.column(id);
        Some(((rank(&column.name, typed)?, popularity(id), id, 1), Name::Column(column)))
    };
    let pair = |pair: &'a Pair| {
        let [first, second] = pair.columns;
        let off = schema.column(first).disabled && schema.column(second).disabled;
        let rank = rank(&pair.name, typed).filter(|_| !off)?;
        // Before anything is typed, a pair follows the more popular of its columns.
        let place = popularity(first).min(popularity(second));
        let near = if typed.is_empty() { (first.max(second), 2) } else { (first.min(second), 0) };
        Some(((rank, place, near.0, near.1), Name::Pair(pair)))
    };
    let mut ranked = schema.filterable().filter_map(column).list();
    add_all(&mut ranked, schema.pairs().iter().filter_map(pair));
    ranked.sort_unstable_by_key(|(place, _)| *place);
    ranked.into_iter().map(|(_, name)| name).list()
}

/// The filterable columns that match what was typed and a condition, the best first.
pub(super) fn ranked_columns<'a>(
    compiler: &Compiler<'a>,
    typed: &str,
    wanted: &dyn Fn(&Column) -> bool,
) -> Vec<&'a Column> {
    let schema = compiler.schema;
    // Those without a place follow, in the schema's order.
    let popularity = |column: &Column| column.popularity.wrapping_sub(1);
    let place = |id| {
        let column = schema.column(id);
        wanted(column).then(|| Some((rank(&column.name, typed)?, popularity(column), id)))?
    };
    let mut ranked = schema.filterable().filter_map(place).list();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, _, id)| schema.column(id)).list()
}

pub(super) fn column_candidate(column: &Column, insert: String) -> Candidate {
    Candidate {
        label: column.name.to_string(),
        kind: CandidateKind::Column,
        detail: column.filter_type.map(Type::name).unwrap_or_default().to_owned(),
        documentation: column.doc.to_string(),
        insert,
    }
}

fn pair_candidate(compiler: &Compiler<'_>, pair: &Pair, insert: String) -> Candidate {
    let [first, second] = pair.columns.map(|id| compiler.schema.column(id));
    Candidate {
        label: pair.name.to_string(),
        kind: CandidateKind::Column,
        detail: EITHER_END.to_owned(),
        documentation: format!("`{}` or `{}`; negated, neither of them.", first.name, second.name),
        insert,
    }
}

/// How many saved filters are offered; each is compiled, since a bad one would spoil the filter.
const MOST_SAVED: usize = 50;

fn saved_filters(compiler: &Compiler<'_>, context: &Context<'_>, typed: &str, completions: &mut Completions) {
    let mut ranked: Vec<(u8, &str)> =
        compiler.saved.names().filter_map(|name| Some((rank(name, typed)?, name))).list();
    ranked.sort_unstable();
    let usable =
        |name: &&(u8, &str)| compiler.compile(&format!("@{}", name.1), Options::default()).sql.is_some();
    for (_, name) in ranked.iter().filter(usable).take(MOST_SAVED) {
        completions.candidates.push(Candidate {
            label: format!("@{name}"),
            kind: CandidateKind::SavedFilter,
            detail: "saved filter".to_owned(),
            documentation: compiler.saved.text(name).unwrap_or_default().trim().to_owned(),
            insert: context.word(&format!("@{name}")),
        });
    }
}

/// What may follow a complete condition.
pub(super) fn connectives(context: &Context<'_>, depth: usize, completions: &mut Completions) {
    let and = ("AND", "both must hold", "Selects the flows that match what is before and what is after it.");
    let or = ("OR", "one must hold", "Selects the flows that match what is before or what is after it.");
    for (word, detail, documentation) in [and, or] {
        if rank(word, context.partial).is_some_and(|rank| rank < 2) {
            completions.candidates.push(keyword(word, detail, documentation, context));
        }
    }
    if depth > 0 && context.partial.is_empty() {
        completions.candidates.push(punctuation(")", "end of the group", ")".to_owned()));
    }
}

pub(super) fn between_and(context: &Context<'_>, completions: &mut Completions) {
    if rank("AND", context.partial).is_some_and(|rank| rank < 2) {
        let documentation = "Joins the two ends of BETWEEN.";
        completions.candidates.push(keyword("AND", "the upper end follows", documentation, context));
    }
}

/// The operators of a column.
pub(super) fn operators(
    compiler: &Compiler<'_>,
    context: &Context<'_>,
    column: &str,
    negated: bool,
    completions: &mut Completions,
) {
    let Some(subject) = compiler.schema.subject(column) else { return };
    for operator in compiler.schema.column(subject.id).operators() {
        for spelling in spellings(operator, negated) {
            if rank(spelling, context.partial).is_some_and(|rank| rank < 2) {
                completions.candidates.push(operator_candidate(compiler, operator, spelling, context));
            }
        }
    }
}

/// The operator of one value that a text is exactly, after NOT where `negated`.
pub(super) fn exact_operator(text: &str, negated: bool) -> Option<Operator> {
    crate::tables::OPERATORS.iter().map(|row| row.operator).find(|&operator| {
        let lists = matches!(operator, Operator::In | Operator::NotIn);
        !lists && spellings(operator, negated).any(|spelling| spelling.eq_ignore_ascii_case(text))
    })
}

/// How an operator may be written at a place: after NOT only what goes with it.
fn spellings(operator: Operator, negated: bool) -> impl Iterator<Item = &'static str> {
    let info = operator.info();
    let all = std::iter::once(operator.symbol())
        .chain(info.map(|info| info.aliases).unwrap_or_default().iter().copied());
    all.filter_map(move |spelling| if negated { spelling.strip_prefix("NOT ") } else { Some(spelling) })
}

fn operator_candidate(
    compiler: &Compiler<'_>,
    operator: Operator,
    spelling: &str,
    context: &Context<'_>,
) -> Candidate {
    let takes_list = matches!(operator, Operator::In | Operator::NotIn);
    let text = if takes_list { format!("{spelling} (") } else { spelling.to_owned() };
    let mut insert = context.word(&text);
    if takes_list {
        insert.truncate(insert.trim_end().len());
    }
    Candidate {
        label: spelling.to_owned(),
        kind: CandidateKind::Operator,
        detail: "comparison operator".to_owned(),
        documentation: compiler.schema.doc_of_operator(operator).to_owned(),
        insert,
    }
}

pub(super) fn list_open(context: &Context<'_>, completions: &mut Completions) {
    if context.partial.is_empty() {
        let before = if context.blank_before() { " " } else { "" };
        completions.candidates.push(punctuation("(", "list of values", format!("{before}(")));
    }
}

pub(super) fn list_next(context: &Context<'_>, completions: &mut Completions) {
    if context.partial.is_empty() {
        completions.candidates.push(punctuation(",", "another value", ", ".to_owned()));
        completions.candidates.push(punctuation(")", "end of the list", ")".to_owned()));
    }
}

fn keyword(word: &str, detail: &str, documentation: &str, context: &Context<'_>) -> Candidate {
    Candidate {
        label: word.to_owned(),
        kind: CandidateKind::Keyword,
        detail: detail.to_owned(),
        documentation: documentation.to_owned(),
        insert: context.word(word),
    }
}

fn punctuation(label: &str, detail: &str, insert: String) -> Candidate {
    Candidate {
        label: label.to_owned(),
        kind: CandidateKind::Punctuation,
        detail: detail.to_owned(),
        documentation: String::new(),
        insert,
    }
}

/// Whether an operator compares with another column.
pub(super) fn takes_columns(column: &Column, operator: Operator) -> bool {
    column.rules().any(|rule| {
        rule.arity == Arity::One
            && rule.operators.contains(&operator)
            && rule.forms.contains(&crate::tables::Form::Column)
    })
}
