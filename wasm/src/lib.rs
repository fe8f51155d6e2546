//! The editor layer of FlowQL for JavaScript: the half of `@flowql/wasm` that runs as WebAssembly.
//!
//! A text and offsets come in, and an answer goes out as one array of numbers and one string (`answer.rs`), from
//! which the other half, `js/`, makes plain objects: to cross the border once for each answer is many times
//! faster than once for each of its strings. All offsets of the border are in UTF-16 code units.
//!
//! The JavaScript half is the interface of the package; nothing else calls these functions.

mod answer;
mod settings;

use flowql::ide::{self, Completions, Suggestion};
use flowql::sql::ParameterValue;
use flowql::tables::{Registries, Texts};
use flowql::{Compiler, Diagnostic, Limits, Options, Positions, SavedFilters, Schema, Span, Utf16};
use wasm_bindgen::prelude::wasm_bindgen;

use answer::Answer;
pub use settings::Settings;

/// Half as large as the allocator of the standard library, and as fast.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// What accompanies this module as files: the registries that name values, and what hover says. It is kept until the
/// page is closed.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub struct Tables {
    registries: &'static Registries,
    texts: Texts,
}

#[wasm_bindgen]
impl Tables {
    /// From the texts of the files.
    #[wasm_bindgen(constructor)]
    pub fn new(registries: String, texts: String) -> Self {
        let registries = Box::leak(Box::new(Registries::new(registries.leak())));
        Self { registries, texts: Texts::new(texts.leak()) }
    }
}

impl Tables {
    /// The schema without any settings.
    fn schema(self) -> Schema {
        Schema::new(self.registries).with_texts(self.texts)
    }
}

/// The compiler with its schema and saved filters, and the string of the last answer.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    tables: Tables,
    schema: Schema,
    saved: SavedFilters,
    limits: Limits,
    text: String,
}

#[wasm_bindgen]
impl Engine {
    /// With the default schema, without saved filters.
    #[wasm_bindgen(constructor)]
    pub fn new(tables: &Tables) -> Self {
        Self {
            tables: *tables,
            schema: tables.schema(),
            saved: SavedFilters::default(),
            limits: Limits::DEFAULT,
            text: String::new(),
        }
    }

    /// The string of the last answer; it can be taken once.
    pub fn text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Takes settings over, or answers what is wrong with them and leaves everything as it was.
    pub fn configure(&mut self, settings: Settings) -> Vec<u32> {
        let mut answer = Answer::default();
        match settings.apply(self.tables.schema()) {
            Ok((schema, saved, limits)) => {
                (self.schema, self.saved, self.limits) = (schema, saved, limits);
                answer.number(0);
            }
            Err(errors) => answer.list(&errors, |answer, error| {
                answer.string(&error.path);
                answer.string(&error.message);
                answer.optional(error.help.as_deref(), Answer::string);
            }),
        }
        self.give(answer)
    }

    /// The columns of the schema.
    pub fn columns(&mut self) -> Vec<u32> {
        let mut answer = Answer::default();
        answer.list(self.schema.columns(), |answer, column| {
            answer.string(&column.name);
            answer.optional(column.filter_type, |answer, kind| answer.string(kind.name()));
            answer.string(&column.clickhouse_type.to_string());
            answer.string(&column.doc);
            answer.string(&column.example);
            answer.optional(column.unit, Answer::string);
            answer.flag(!column.disabled);
            answer.flag(column.main_only);
            answer.flag(!column.not_a_dimension);
            answer.list(column.operators(), |answer, operator| answer.string(operator.symbol()));
        });
        self.give(answer)
    }

    /// The SQL of a filter, with all that belongs to it.
    pub fn compile(&mut self, text: &str, reverse: bool, bound: bool, database: Option<String>) -> Vec<u32> {
        let options = Options { reverse, bound, database: database.as_deref() };
        let compilation = self.compiler().compile(text, options);
        let mut answer = Answer::default();
        answer.optional(compilation.sql.as_deref(), Answer::string);
        answer.list(&compilation.parameters, |answer, parameter| {
            answer.string(&parameter.name);
            // JavaScript's numbers are exact up to there.
            answer.flag(matches!(parameter.value, ParameterValue::Integer(number) if number <= 1 << 53));
            answer.string(&parameter.value.to_string());
        });
        answer.list(&compilation.columns, |answer, &id| answer.string(&self.schema.column(id).name));
        answer.flag(compilation.main_table_required);
        diagnostics(&mut answer, text, &compilation.diagnostics);
        self.give(answer)
    }

    /// Everything to say of a filter.
    pub fn diagnostics(&mut self, text: &str) -> Vec<u32> {
        let mut answer = Answer::default();
        diagnostics(&mut answer, text, &self.compiler().diagnostics(text));
        self.give(answer)
    }

    /// What may stand at an offset. The values of a source are a line each, with their details line by line.
    pub fn complete(&mut self, text: &str, cursor: u32, values: &str, details: &str) -> Vec<u32> {
        let offsets = Utf16::new(text);
        let compiler = self.compiler();
        let mut completions = ide::complete(&compiler, text, offsets.bytes(cursor));
        if !values.is_empty() {
            let details = details.split('\n').chain(std::iter::repeat(""));
            let suggestions: Vec<Suggestion> = values
                .split('\n')
                .zip(details)
                .map(|(value, detail)| Suggestion { value: value.to_owned(), detail: detail.to_owned() })
                .collect();
            completions.add_values(&compiler, &suggestions);
        }
        self.give(completed(&completions, &offsets))
    }

    /// What there is to say of the token at an offset.
    pub fn hover(&mut self, text: &str, cursor: u32) -> Vec<u32> {
        let offsets = Utf16::new(text);
        let mut answer = Answer::default();
        let hover = ide::hover(&self.compiler(), text, offsets.bytes(cursor));
        answer.optional(hover, |answer, hover| {
            answer.span(hover.span, &offsets);
            answer.string(&hover.markdown);
        });
        self.give(answer)
    }

    /// The tokens of a text: the start, the end and the class of each, one after the other.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let offsets = Utf16::new(text);
        let tokens = ide::tokens(&self.compiler(), text);
        let mut numbers = Vec::with_capacity(3 * tokens.len());
        for token in tokens {
            let class = token.class as u32;
            numbers.extend([offsets.of(token.span.start), offsets.of(token.span.end), class]);
        }
        numbers
    }

    /// The canonical layout, or what is wrong.
    pub fn format(&mut self, text: &str) -> Vec<u32> {
        let mut answer = Answer::default();
        match self.compiler().format(text) {
            Ok(formatted) => answer.optional(Some(formatted.as_str()), Answer::string),
            Err(found) => {
                answer.optional(None, Answer::string);
                diagnostics(&mut answer, text, &found);
            }
        }
        self.give(answer)
    }

    /// The filter in plain English, or what is wrong.
    pub fn explain(&mut self, text: &str, reverse: bool) -> Vec<u32> {
        let mut answer = Answer::default();
        match ide::explain(&self.compiler(), text, Options { reverse, ..Options::default() }) {
            Ok(explanation) => {
                answer.flag(true);
                answer.list(&explanation.lines, |answer, line| {
                    answer.number(line.depth);
                    answer.string(&line.text);
                });
            }
            Err(found) => {
                answer.flag(false);
                diagnostics(&mut answer, text, &found);
            }
        }
        self.give(answer)
    }

    /// The filter with one more condition: that a column has a value, or that it has not.
    pub fn narrow(&self, text: &str, column: &str, value: &str, exclude: bool) -> Option<String> {
        ide::narrow(&self.compiler(), text, column, value, exclude)
    }

    /// The filter with one more condition: a saved filter.
    #[wasm_bindgen(js_name = withSaved)]
    pub fn with_saved(&self, text: &str, name: &str) -> Option<String> {
        ide::with_saved(&self.compiler(), text, name)
    }

    /// The changes that a user may choose for a range.
    #[wasm_bindgen(js_name = codeActions)]
    pub fn code_actions(&mut self, text: &str, from: u32, to: u32) -> Vec<u32> {
        let offsets = Utf16::new(text);
        let positions = Positions::new(text);
        let (from, to) = (offsets.bytes(from.min(to)), offsets.bytes(from.max(to)));
        let mut answer = Answer::default();
        let actions = ide::code_actions(&self.compiler(), text, Span { start: from, end: to });
        answer.list(&actions, |answer, action| {
            answer.string(&action.title);
            answer.number(action.kind as u32);
            answer.edits(&action.edits, &offsets);
            answer.optional(action.diagnostic.as_ref(), |answer, found| answer.diagnostic(found, &positions));
            answer.optional(action.new_filter.as_ref(), |answer, filter| {
                answer.string(&filter.name);
                answer.string(&filter.text);
            });
        });
        self.give(answer)
    }
}

impl Engine {
    fn compiler(&self) -> Compiler<'_> {
        Compiler { schema: &self.schema, saved: &self.saved, limits: self.limits }
    }

    /// Keeps the string of an answer, and gives its numbers.
    fn give(&mut self, answer: Answer) -> Vec<u32> {
        self.text = answer.text;
        answer.numbers
    }
}

fn diagnostics(answer: &mut Answer, text: &str, found: &[Diagnostic]) {
    if found.is_empty() {
        return answer.number(0);
    }
    let positions = Positions::new(text);
    answer.list(found, |answer, found| answer.diagnostic(found, &positions));
}

fn completed(completions: &Completions, offsets: &Utf16) -> Answer {
    let mut answer = Answer::default();
    answer.span(completions.replace, offsets);
    answer.list(&completions.candidates, |answer, candidate| {
        answer.string(&candidate.label);
        answer.number(candidate.kind as u32);
        answer.string(&candidate.detail);
        answer.string(&candidate.documentation);
        answer.string(&candidate.insert);
    });
    // As in JSON: a page takes what a source adds, and words are there already.
    let request = completions.request.as_ref().filter(|request| !request.ranking);
    answer.optional(request, |answer, request| {
        answer.string(&request.column);
        answer.string(request.other.as_deref().unwrap_or_default());
        answer.string(request.operator.symbol());
        answer.string(&request.prefix);
        answer.list(&request.exclude, |answer, item| answer.string(item));
        answer.string(&request.rest);
        answer.flag(request.quoted);
    });
    answer
}
