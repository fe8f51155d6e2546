//! How an exporter samples, and what says so.

use flowql_decode::{RateSource, SaidRate, SessionStatus};

use super::super::status::{Problem, Sampling, Severity};
use super::{lately, problem};

/// The sampling rates of sessions and what says them, each once, the newest first of each session.
pub(super) fn rates(sessions: &[&SessionStatus]) -> Vec<Sampling> {
    /// So many are listed.
    const MOST: usize = 8;
    let mut found: Vec<Sampling> = Vec::new();
    for said in sessions.iter().flat_map(|session| session.tally.rates).flatten() {
        let sampling = Sampling { rate: said.rate, source: word(said.source).into() };
        if found.len() < MOST && !found.contains(&sampling) {
            found.push(sampling);
        }
    }
    found
}

/// Rates that contradict each other.
pub(super) fn contradiction(sessions: &[&SessionStatus]) -> Option<Problem> {
    let lately = |session: &&SessionStatus| {
        let (pair, at) = session.tally.contradiction?;
        lately(at, session.tally.received).then_some((at, pair))
    };
    let (_, [used, other]) = sessions.iter().filter_map(lately).max_by_key(|(at, _)| *at)?;
    let said = |said: SaidRate| format!("{} by {}", said.rate, phrase(said.source));
    let message = format!(
        "its sampling rates contradict each other: {}, which is used, and {}",
        said(used),
        said(other)
    );
    let (severity, advice) = match used.source {
        // The configuration says so on purpose.
        RateSource::Override => (
            Severity::Note,
            "leave `override` out of [[collect.exporter.sampling]] where the exporter is right",
        ),
        _ => (
            Severity::Warning,
            "find out which one is right, and set it as `override` in [[collect.exporter.sampling]]",
        ),
    };
    Some(problem("contradictory_rate", severity, message, advice))
}

/// What says a rate, in a word.
const fn word(source: RateSource) -> &'static str {
    match source {
        RateSource::Override => "override",
        RateSource::Record => "record",
        RateSource::Sampler => "sampler",
        RateSource::Interface => "interface",
        RateSource::LineCard => "line-card",
        RateSource::Domain => "domain",
        RateSource::Header => "header",
        RateSource::Unsampled => "unsampled",
        RateSource::Default => "default",
    }
}

const fn phrase(source: RateSource) -> &'static str {
    match source {
        RateSource::Override => "the configuration",
        RateSource::Record => "the records themselves",
        RateSource::Sampler => "the options of the sampler",
        RateSource::Interface => "the options of the interface",
        RateSource::LineCard => "the options of the line card",
        RateSource::Domain => "the options of the observation domain",
        RateSource::Header => "the header",
        RateSource::Unsampled => "the kind of export",
        RateSource::Default => "the configured default",
    }
}
