//! A filter, as a rule that a person may want to announce by hand.

use std::fmt::{self, Display, Formatter};

use flowql::{Compiler, Diagnostic, Options};
use serde::{Serialize, Serializer};

use crate::bird;
use crate::guards::{Admission, GuardSettings, Refusal, Situation};
use crate::route::{Route, RouteSettings};
use crate::rule::{Action, Candidate, Component, Flowspec, Matcher};
use crate::translate::{Untranslatable, translate};

/// What is to be announced for a filter's traffic.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The incident; 0 for none.
    pub incident: u32,
    /// What is to happen to the traffic.
    pub action: Action,
    /// Whether a blackhole is meant: the filter must ask for the destination alone.
    pub is_blackhole: bool,
    /// How bad the attack is.
    pub severity: u64,
    /// The share of the usual traffic that it would hit, in millionths, where that is known.
    pub share: Option<u32>,
    /// When it ends, in seconds since 1970.
    pub end: Option<u64>,
}

/// What a filter would be announced as, and what the guards say of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What would be announced.
    #[serde(skip)]
    pub candidate: Candidate,
    /// The traffic, as people read it.
    #[serde(serialize_with = "as_text")]
    pub traffic: Matcher,
    /// What would happen to it.
    #[serde(serialize_with = "as_text")]
    pub action: Action,
    /// Why the guards refuse it; empty where they pass it.
    pub refusals: Vec<Refusal>,
    /// The route, where the guards pass it.
    pub route: Option<Route>,
    /// The statement that has BIRD announce it, where the guards pass it.
    pub bird: Option<String>,
}

/// Why there is no rule for a filter.
#[derive(Clone, Debug)]
pub enum DescribeError {
    /// The filter is wrong.
    Filter(Vec<Diagnostic>),
    /// The filter is blank: it would match everything.
    Blank,
    /// A rule cannot say what the filter says.
    Untranslatable(Untranslatable),
    /// A blackhole drops everything to its destination, and the filter asks for more.
    NotBlackhole,
}

impl Draft {
    /// The candidate for some traffic.
    pub fn candidate(&self, traffic: Matcher) -> Candidate {
        Candidate {
            incident: self.incident,
            traffic,
            actions: vec![self.action],
            severity: self.severity,
            share: self.share,
            end: self.end,
        }
    }
}

impl Flowspec {
    /// The blackhole that matches the same traffic: there is one where the rule has nothing but a destination.
    pub fn blackhole(&self) -> Option<Matcher> {
        match self.components.as_slice() {
            [Component::Destination(prefix)] => Some(Matcher::Blackhole(*prefix)),
            _ => None,
        }
    }
}

/// Makes the rule that means the same as a filter, and has the guards look at it.
///
/// # Errors
///
/// That the filter is wrong or blank, or which condition of it BGP cannot carry.
pub fn describe(
    compiler: &Compiler<'_>,
    filter: &str,
    draft: &Draft,
    guards: &GuardSettings,
    routes: &RouteSettings,
    situation: &Situation<'_>,
) -> Result<Description, DescribeError> {
    let checked = compiler.check(filter, Options::default());
    if !checked.is_valid() {
        return Err(DescribeError::Filter(checked.diagnostics));
    }
    let typed = checked.filter.ok_or(DescribeError::Blank)?;
    let rule = translate(compiler.schema, &typed).map_err(DescribeError::Untranslatable)?;
    let traffic = if draft.is_blackhole {
        rule.blackhole().ok_or(DescribeError::NotBlackhole)?
    } else {
        Matcher::Flowspec(rule)
    };
    let candidate = draft.candidate(traffic.clone());
    let Admission { approved, refused } = guards.admit(vec![candidate.clone()], situation);
    let route = approved.first().map(|rule| routes.route(rule));
    Ok(Description {
        candidate,
        traffic,
        action: draft.action,
        refusals: refused.into_iter().flat_map(|refused| refused.reasons).collect(),
        bird: route.as_ref().map(|route| bird::statement(route).trim_end().to_owned()),
        route,
    })
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Display for Description {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "traffic  {}", self.traffic)?;
        writeln!(out, "action   {}", self.action)?;
        if let Some(bird) = &self.bird {
            writeln!(out, "BIRD     {bird}")?;
        }
        if self.refusals.is_empty() {
            return writeln!(out, "guards   pass");
        }
        for refusal in &self.refusals {
            writeln!(out, "guards   refuse: {refusal}")?;
        }
        Ok(())
    }
}

impl Display for DescribeError {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(diagnostics) => {
                let message = diagnostics.iter().find(|found| found.is_error()).map(|found| &found.message);
                write!(out, "the filter is wrong: {}", message.map_or("", |message| message))
            }
            Self::Blank => out.write_str("the filter is blank, which would match everything"),
            Self::Untranslatable(error) => write!(out, "{error}; {}", error.reason.help()),
            Self::NotBlackhole => {
                out.write_str("a blackhole drops everything to an address: ask for `DstAddr` alone")
            }
        }
    }
}

impl std::error::Error for DescribeError {}
