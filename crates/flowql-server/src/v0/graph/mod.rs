//! `/api/v0/console/graph`: the traffic over time, and from value to value.

mod axis;
pub(super) mod interval;
mod label;
pub(super) mod line;
mod request;
pub(super) mod sankey;

pub(super) use label::Labels;
pub(super) use request::check_points;
