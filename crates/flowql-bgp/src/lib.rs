#![doc = include_str!("../README.md")]

mod announcer;
mod bird;
mod describe;
mod exec;
mod files;
mod guards;
mod mitigator;
mod packet;
mod payload;
mod prefix_text;
mod route;
mod rule;
mod section;
mod speaker;
mod store;
mod text;
mod translate;
mod webhook;

pub use announcer::{AnnounceError, Announcer, RouterReport};
pub use bird::{Bird, BirdSettings, BirdTables};
pub use describe::{DescribeError, Description, Draft, describe};
pub use exec::{Exec, ExecSettings};
pub use guards::{Admission, Approved, Budget, GuardSettings, Refusal, Refused, Router, Situation};
pub use mitigator::{MitigateError, Mitigations, Mitigator};
pub use packet::{Fragment, Packet};
pub use route::{Route, RouteSettings};
pub use rule::{
    Action, Candidate, Component, Family, Field, FlagTest, Flags, Flowspec, Matcher, Range, RouteFamily,
    RouteTarget, fragment,
};
pub use section::{
    AnnounceBirdSection, AnnounceExecSection, AnnounceRouterSection, AnnounceSection, AnnounceSpeakerSection,
    AnnounceWay, AnnounceWebhookSection,
};
pub use speaker::{Peer, Speaker, SpeakerSettings};
pub use store::StoreError;
pub use translate::{Reason, Untranslatable, translate};
pub use webhook::{Webhook, WebhookSettings};
