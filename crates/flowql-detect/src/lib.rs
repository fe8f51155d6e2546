//! Attacks: found in the flows by rules that are filters, and told of as incidents.
//!
//! The rules are the section `[detect]` of `flowql.toml`, [`DetectSection`], in addition to those of the program,
//! [`shipped`]. [`Rules`] has them made ready for a schema. The [`Engine`] counts batches of flows, and says which targets
//! are above a tenth of a threshold.

mod amount;
mod announce;
mod detector;
mod engine;
mod history;
mod http;
pub mod incident;
mod notify;
mod response;
mod rule;
mod section;
mod service;
pub mod shipped;
mod store;
mod target;

pub use amount::{Amount, Share, Time};
pub use announce::{
    Announced, AnnouncedNow, AnnouncedRule, Announcing, RefusedRule, RouterState, StartError,
};
pub use detector::{Detector, OpenError, RuleStatus, Status, Suspected};
pub use engine::{Counts, Engine, Observation, Rates, SampledFlow};
pub use history::Detection;
pub use http::{Attacks, Decision, routes};
pub use notify::{Notification, Notifier};
pub use response::{Above, Action, HOLD, Mitigation, NotAnAction, Response, Responses};
pub use rule::{LeftOut, Per, Rule, Rules, Threshold};
pub use section::{
    ClearSection, DetectSection, GroupSection, MOST_RULES, Mode, NotifySection, RuleSection,
    ThresholdSection, WINDOW_SECONDS,
};
pub use service::Service;
pub use store::Store;
pub use target::Target;
