//! What one watches as server-sent events: each flow is a message, and what was counted an event `counts`.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::watcher::Watch;

/// How often it is said what was counted; by that a client that is gone is noticed.
const PERIOD: Duration = Duration::from_secs(1);

/// The stream, and how it ends.
struct Watching {
    watch: Watch,
    ticks: Interval,
    is_over: bool,
}

/// The events of what one watches, until that ends.
pub(crate) fn events(watch: Watch) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Sse::new(unfold(Watching { watch, ticks, is_over: false }, async |mut watching| {
        if watching.is_over {
            return None;
        }
        let event = tokio::select! {
            // A flow says more than that there are some.
            biased;
            flow = watching.watch.next() => match flow {
                Some(flow) => Event::default().data(flow),
                None => {
                    watching.is_over = true;
                    watching.counts()
                }
            },
            _ = watching.ticks.tick() => watching.counts(),
        };
        Some((Ok(event), watching))
    }))
}

impl Watching {
    fn counts(&self) -> Event {
        // Numbers are JSON.
        let counts = serde_json::to_string(&self.watch.counts()).unwrap_or_default();
        Event::default().event("counts").data(counts)
    }
}
