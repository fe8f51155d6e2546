//! What programs and services are given: JSON that says what changed, and everything that is to be announced.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::announcer::{AnnounceError, RouterReport};
use crate::guards::Approved;
use crate::route::{Route, RouteSettings};
use crate::rule::Matcher;

/// What was taken last.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// One change at a time.
    change: Mutex<()>,
    routes: Mutex<HashMap<Matcher, Route>>,
    failure: Mutex<Option<String>>,
}

impl Taken {
    /// Has `give` give the change, and remembers whether it could.
    pub(crate) async fn change(
        &self,
        settings: &RouteSettings,
        rules: &[Approved],
        give: impl AsyncFnOnce(String) -> Result<(), AnnounceError>,
    ) -> Result<(), AnnounceError> {
        let _one = self.change.lock().await;
        let routes = self.routes.lock().await.clone();
        let wanted: HashMap<Matcher, Route> =
            rules.iter().map(|rule| (rule.traffic().clone(), settings.route(rule))).collect();
        let announce = rules.iter().filter(|rule| routes.get(rule.traffic()) != wanted.get(rule.traffic()));
        let withdraw = routes.values().filter(|route| !wanted.contains_key(&route.traffic));
        let payload = json!({
            "version": 1,
            "announce": announce.map(|rule| rule_json(settings, rule)).collect::<Vec<_>>(),
            "withdraw": withdraw.map(|route| json!({"traffic": route.traffic, "text": route.traffic.to_string()})).collect::<Vec<_>>(),
            "all": rules.iter().map(|rule| rule_json(settings, rule)).collect::<Vec<_>>(),
        });
        let given = give(payload.to_string()).await;
        *self.failure.lock().await = given.as_ref().err().map(ToString::to_string);
        given?;
        *self.routes.lock().await = wanted;
        Ok(())
    }

    pub(crate) async fn report(&self, name: &str) -> RouterReport {
        let failure = self.failure.lock().await.clone();
        let sent = self.routes.lock().await.values().cloned().collect();
        let is_up = failure.is_none();
        let state = failure.unwrap_or_else(|| "took all".to_owned());
        RouterReport { name: name.to_owned(), is_up, state, sent, others: Vec::new() }
    }
}

fn rule_json(settings: &RouteSettings, rule: &Approved) -> Value {
    let Route { communities, extended, large, .. } = settings.route(rule);
    let communities: Vec<String> =
        communities.iter().map(|community| format!("{}:{}", community >> 16, community & 0xffff)).collect();
    json!({
        "incident": rule.incident(),
        "traffic": rule.traffic(),
        "text": rule.traffic().to_string(),
        "action": rule.action(),
        "end": rule.end(),
        "communities": communities,
        "extended_communities": extended.iter().map(|bits| format!("{bits:#018x}")).collect::<Vec<_>>(),
        "large_communities": large.iter().map(|[one, two, three]| format!("{one}:{two}:{three}")).collect::<Vec<_>>(),
    })
}
