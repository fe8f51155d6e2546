//! What may be announced. [`GuardSettings::admit`] is the only way to an [`Approved`] rule, and announcers take nothing
//! else.
//!
//! Two large outages of the public Internet came from rules that nothing of this kind looked at: a packet length of
//! 99,971, and a rule without a destination. BIRD takes both.

mod checks;
mod refusal;

use std::collections::HashSet;

use ipnet::IpNet;
use serde::Serialize;

use crate::rule::{Action, Candidate, Matcher, RouteFamily, RouteTarget};

pub use refusal::{Refusal, Refused};

/// What may be announced.
#[derive(Clone, Debug)]
pub struct GuardSettings {
    /// The prefixes that rules may protect. Without any, nothing is announced.
    pub protected: Vec<IpNet>,
    /// What no rule may touch, not even in part.
    pub never: Vec<IpNet>,
    /// Routers' own addresses: no rule may hit their BGP sessions. Those of `never` need not be repeated.
    pub infrastructure: Vec<IpNet>,
    /// Where traffic may be redirected to.
    pub redirects: Vec<RouteTarget>,
    /// The routers, with what each takes.
    pub routers: Vec<Router>,
    /// How many rules may be new within a minute.
    pub new_per_minute: u32,
    /// The share of the usual traffic that all rules together may hit, in millionths.
    pub most_share: u32,
    /// The longest time to a rule's end, in seconds.
    pub longest: u64,
}

/// A router that rules are announced to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// The families that it takes, with the most routes of each. It is to be below the limit at which the router ends
    /// the session, which withdraws everything.
    pub budgets: Vec<Budget>,
}

/// The most routes of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The family.
    pub family: RouteFamily,
    /// The most routes.
    pub most: u32,
}

/// What the guards need to know of the moment.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The time, in seconds since 1970.
    pub now: u64,
    /// Whether the kill switch is on: nothing is announced then.
    pub killed: bool,
    /// What is announced now: the traffic of the rules that were approved.
    pub announced: &'a HashSet<Matcher>,
    /// How many rules became new within the last minute.
    pub fresh: u32,
}

/// A rule that has passed the guards. Nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved {
    incident: u32,
    traffic: Matcher,
    action: Action,
    end: u64,
}

/// What the guards say of candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// What may be announced, the worst attacks first.
    pub approved: Vec<Approved>,
    /// What may not, with the reasons.
    pub refused: Vec<Refused>,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            protected: Vec::new(),
            never: Vec::new(),
            infrastructure: Vec::new(),
            redirects: Vec::new(),
            routers: Vec::new(),
            new_per_minute: 20,
            most_share: 50_000,
            longest: 86_400,
        }
    }
}

impl Approved {
    /// The incident.
    pub const fn incident(&self) -> u32 {
        self.incident
    }

    /// The traffic, in its canonical form.
    pub const fn traffic(&self) -> &Matcher {
        &self.traffic
    }

    /// What happens to it.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// When it ends, in seconds since 1970.
    pub const fn end(&self) -> u64 {
        self.end
    }
}

impl GuardSettings {
    /// Says of all rules that somebody would like to be announced which may be. It takes the whole of them each time:
    /// a rule that is announced already and is not among the approved ones is to be withdrawn.
    ///
    /// The worst attacks are looked at first; where there is no room for all, the others are refused. A rule is at every
    /// router that takes its family or at none, so the router with the smallest budget decides.
    pub fn admit(&self, mut candidates: Vec<Candidate>, situation: &Situation<'_>) -> Admission {
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.severity));
        let mut admission = Admission::default();
        let mut used = Used { fresh: situation.fresh, ..Used::default() };
        for candidate in candidates {
            let mut reasons = checks::refusals(self, &candidate, situation);
            // Two candidates may differ and yet be one route.
            let traffic = candidate.traffic.canonical();
            if reasons.is_empty() {
                reasons.extend(used.refusal(self, &traffic, candidate.share, situation));
            }
            match candidate {
                Candidate { incident, actions, share, end: Some(end), .. } if reasons.is_empty() => {
                    // The checks have found exactly one.
                    let Some(&action) = actions.first() else { continue };
                    used.take(&traffic, share, situation);
                    admission.approved.push(Approved { incident, traffic, action, end });
                }
                candidate => admission.refused.push(Refused { candidate, reasons }),
            }
        }
        admission
    }

    /// The most rules of a family: the smallest budget of the routers that take it; none where no router does.
    fn budget(&self, family: RouteFamily) -> Option<u32> {
        let budgets = self.routers.iter().flat_map(|router| &router.budgets);
        budgets.filter(|budget| budget.family == family).map(|budget| budget.most).min()
    }
}

/// What the rules approved so far use of what all share.
#[derive(Default)]
struct Used {
    traffic: HashSet<Matcher>,
    routes: [u32; RouteFamily::ALL.len()],
    share: u64,
    fresh: u32,
}

impl Used {
    /// Why there is no room for another rule.
    fn refusal(
        &self,
        settings: &GuardSettings,
        traffic: &Matcher,
        share: Option<u32>,
        situation: &Situation<'_>,
    ) -> Option<Refusal> {
        if self.traffic.contains(traffic) {
            return Some(Refusal::Repeated);
        }
        let family = traffic.family();
        let Some(most) = settings.budget(family) else { return Some(Refusal::NoRouter(family)) };
        if self.routes.get(place(family)).is_none_or(|routes| *routes >= most) {
            return Some(Refusal::Budget { family, most });
        }
        let Some(share) = share else { return Some(Refusal::UnknownShare) };
        if self.share + u64::from(share) > u64::from(settings.most_share) {
            return Some(Refusal::Share { most: settings.most_share });
        }
        let is_new = !situation.announced.contains(traffic);
        (is_new && self.fresh >= settings.new_per_minute)
            .then_some(Refusal::TooManyNew { most: settings.new_per_minute })
    }

    fn take(&mut self, traffic: &Matcher, share: Option<u32>, situation: &Situation<'_>) {
        if let Some(routes) = self.routes.get_mut(place(traffic.family())) {
            *routes += 1;
        }
        self.share += u64::from(share.unwrap_or_default());
        self.fresh += u32::from(!situation.announced.contains(traffic));
        self.traffic.insert(traffic.clone());
    }
}

/// The place of a family in a table.
const fn place(family: RouteFamily) -> usize {
    match family {
        RouteFamily::Blackhole4 => 0,
        RouteFamily::Blackhole6 => 1,
        RouteFamily::Flowspec4 => 2,
        RouteFamily::Flowspec6 => 3,
    }
}
