//! Attacks: found in the flows by rules that are filters, and told of as incidents.
//!
//! The rules are the section `[detect]` of `flowql.toml`, [`DetectSection`], in addition to those of the program,
//! [`shipped`]. [`Rules`] has them made ready for a schema. The [`Engine`] counts batches of flows, and says which targets
//! are above a tenth of a threshold.

mod amount;
mod engine;
mod response;
mod rule;
mod section;
pub mod shipped;
mod target;

pub use amount::{Amount, Share, Time};
pub use engine::{Counts, Engine, Observation, Rates, SampledFlow};
pub use response::{Above, Action, HOLD, Mitigation, Response, Responses};
pub use rule::{LeftOut, Per, Rule, Rules, Threshold};
pub use section::{
    ClearSection, DetectSection, GroupSection, MOST_RULES, Mode, RuleSection, ThresholdSection,
    WINDOW_SECONDS,
};
pub use target::Target;
