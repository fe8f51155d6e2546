//! `flowql detect announce --dry-run`: what a filter would be announced as.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use flowql_bgp::{Action, AnnounceSection, DescribeError, Draft, Situation, describe};
use flowql_detect::DetectSection;

use super::super::load;
use crate::args::{Announce, Global};
use crate::console::Output;
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: &Announce) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let section = config.section::<AnnounceSection>();
    let detect = config.section::<DetectSection>();
    let guards = section.guards(detect.protected(), detect.never());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let announced = HashSet::new();
    let situation = Situation { now, killed: false, announced: &announced, fresh: 0 };
    let draft = Draft {
        incident: 0,
        action: args.limit.map_or(Action::Drop, |bits| Action::LimitBytes(bits / 8)),
        is_blackhole: args.blackhole,
        severity: 1,
        share: Some(0),
        end: Some(now + u64::from(args.seconds)),
    };
    let found = describe(&config.compiler(), &args.filter, &draft, &guards, &section.routes(), &situation)
        .map_err(|error| failed(&error))?;
    let mut output = Output::new();
    if args.json {
        output.json(&found)?;
    } else {
        output.text(&found.to_string())?;
    }
    output.finish()?;
    Ok(Status::bad_if(!found.refusals.is_empty()))
}

fn failed(error: &DescribeError) -> Failure {
    let help = match error {
        DescribeError::Filter(_) => "`flowql check` says where it is wrong",
        _ => "a rule has a destination, protocols, ports, lengths, flags, fragments and a source",
    };
    Failure::new(error.to_string(), help)
}
