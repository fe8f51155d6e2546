//! What the service counts, for Prometheus.

use std::sync::atomic::Ordering;
use std::time::Duration;

use flowql_backend::CacheCounts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The bounds of the latencies, in seconds.
const LATENCIES: [f64; 12] = [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    diagnostics: Family<CodeLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    call_latency: Family<CallKind, Histogram, fn() -> Histogram>,
    values_cache: Family<CacheLabels, Counter>,
    /// The requests being answered.
    pub(crate) in_flight: Gauge,
    /// The connections that are open.
    pub(crate) connections: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Box<str>,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallKind {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    result: &'static str,
}

fn latencies() -> Histogram {
    Histogram::new(LATENCIES)
}

impl Metrics {
    /// All counts at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("flowql");
        let metrics = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(latencies),
            diagnostics: Family::default(),
            calls: Family::default(),
            call_latency: Family::new_with_constructor(latencies),
            values_cache: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            registry: Registry::default(),
        };
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", version);
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "The time from the headers of a request to its answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("http_requests_in_flight", "Requests being answered", metrics.in_flight.clone());
        registry.register("http_connections", "Connections open", metrics.connections.clone());
        registry.register("diagnostics", "Diagnostics given, by code", metrics.diagnostics.clone());
        registry.register("backend_calls", "Calls of the backend, by how they ended", metrics.calls.clone());
        registry.register_with_unit(
            "backend_call_duration",
            "The time that calls of the backend took",
            Unit::Seconds,
            metrics.call_latency.clone(),
        );
        registry.register(
            "values_cache",
            "Requests for values of the network, by whether they were answered from memory",
            metrics.values_cache.clone(),
        );
        Self { registry, ..metrics }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let labels = RequestLabels { route: route.into(), method, status };
        self.requests.get_or_create(&labels).inc();
        self.latency.get_or_create(&RouteLabels { route: labels.route }).observe(took.as_secs_f64());
    }

    /// Counts the diagnostics of a filter.
    pub(crate) fn diagnosed(&self, found: &[flowql::Diagnostic]) {
        for diagnostic in found {
            self.diagnostics.get_or_create(&CodeLabels { code: diagnostic.code.number() }).inc();
        }
    }

    /// Counts a call of the backend.
    pub(crate) fn called(&self, call: &'static str, result: &'static str, took: Duration) {
        self.calls.get_or_create(&CallLabels { call, result }).inc();
        self.call_latency.get_or_create(&CallKind { call }).observe(took.as_secs_f64());
    }

    /// Everything as OpenMetrics; the cache of the values counts for itself.
    pub(crate) fn print(&self, cache: Option<CacheCounts>) -> String {
        if let Some(CacheCounts { hits, misses }) = cache {
            for (result, count) in [("hit", hits), ("miss", misses)] {
                self.values_cache
                    .get_or_create(&CacheLabels { result })
                    .inner()
                    .store(count, Ordering::Relaxed);
            }
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// OpenMetrics in the text format of Prometheus, which whatever scrapes can read: it names counters and
/// information as their samples are named, and has neither units nor an end.
pub(crate) fn prometheus_text(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if let Some(named) = line.strip_prefix("# HELP ") {
            help = named.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|named| named.split_once(' '))
        {
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                _ => ("", kind),
            };
            text.push_str(&format!("# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n"));
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_printed_with_their_labels() {
        let metrics = Metrics::new();
        metrics.answered("/api/v1/validate", "POST", 200, Duration::from_millis(2));
        metrics.called("values", "ok", Duration::from_millis(2));
        let text = metrics.print(Some(CacheCounts { hits: 2, misses: 1 }));
        for line in [
            "flowql_http_requests_total{route=\"/api/v1/validate\",method=\"POST\",status=\"200\"} 1",
            "flowql_http_request_duration_seconds_count{route=\"/api/v1/validate\"} 1",
            "flowql_backend_calls_total{call=\"values\",result=\"ok\"} 1",
            "flowql_values_cache_total{result=\"hit\"} 2",
            "flowql_values_cache_total{result=\"miss\"} 1",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        let plain = prometheus_text(&text);
        for lines in [
            concat!(
                "# HELP flowql_build_info What runs.\n# TYPE flowql_build_info gauge\n",
                "flowql_build_info{version=\"0.1.0\"} 1\n"
            ),
            "# TYPE flowql_http_requests_total counter\nflowql_http_requests_total{",
            "# TYPE flowql_http_request_duration_seconds histogram\nflowql_http_request_duration_seconds_sum{",
            "# TYPE flowql_http_connections gauge\nflowql_http_connections 0\n",
        ] {
            assert!(plain.contains(lines), "{plain}");
        }
        assert!(!plain.contains("# EOF") && !plain.contains("# UNIT"), "{plain}");
    }
}
