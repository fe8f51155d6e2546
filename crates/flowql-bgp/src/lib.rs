#![doc = include_str!("../README.md")]

mod guards;
mod packet;
mod prefix_text;
mod rule;
mod text;
mod translate;

pub use guards::{Admission, Approved, Budget, GuardSettings, Refusal, Refused, Router, Situation};
pub use packet::{Fragment, Packet};
pub use rule::{
    Action, Candidate, Component, Family, Field, FlagTest, Flags, Flowspec, Matcher, Range, RouteFamily,
    RouteTarget, fragment,
};
pub use translate::{Reason, Untranslatable, translate};
