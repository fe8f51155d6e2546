//! What the collector counts, in the text format of Prometheus.

use std::fmt::{Display, Write as _};

use flowql_decode::Reason;

use super::{Collector, health};
use crate::bmp::status::{RoutesStatus, SessionCounters};
use crate::receive::{ListenerStatus, Refusal};
use crate::write::PartitionStatus;

/// Everything.
pub(crate) fn text(collector: &Collector) -> String {
    let mut text = Text::default();
    received(&mut text, &collector.listeners());
    text.gauge("exporters", "Exporters that have a place").value(&[], collector.exporters());
    snmp(&mut text, collector);
    journal(&mut text, collector);
    written(&mut text, &collector.partitions());
    decoded(&mut text, &collector.partitions());
    routes(&mut text, &RoutesStatus::of(&collector.bmp, &collector.addresses));
    reloads(&mut text, collector);
    text.gauge("ready", "Whether the collector is ready")
        .value(&[], u8::from(collector.reasons().is_empty()));
    text.0
}

/// The name of a metric, what it says, and how it is read.
type Named<T, V> = (&'static str, &'static str, fn(&T) -> V);

/// The text so far.
#[derive(Default)]
struct Text(String);

/// A metric whose values are written.
struct Metric<'t> {
    text: &'t mut String,
    name: String,
}

impl Text {
    fn counter(&mut self, name: &str, help: &str) -> Metric<'_> {
        self.metric(format!("{name}_total"), "counter", help)
    }

    fn gauge(&mut self, name: &str, help: &str) -> Metric<'_> {
        self.metric(name.to_owned(), "gauge", help)
    }

    fn metric(&mut self, name: String, kind: &str, help: &str) -> Metric<'_> {
        let name = format!("flowql_collect_{name}");
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        Metric { text: &mut self.0, name }
    }
}

impl Metric<'_> {
    /// The labels are of the program, or addresses and numbers: nothing in them needs to be escaped.
    fn value(&mut self, labels: &[(&str, &dyn Display)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }
}

fn received(text: &mut Text, listeners: &[ListenerStatus]) {
    let counters: [Named<ListenerStatus, u64>; 6] = [
        ("datagrams_received", "Datagrams received: the refused and the queued ones", |l| {
            l.counters.received
        }),
        ("bytes_received", "Bytes of the datagrams received", |l| l.counters.bytes),
        ("datagrams_queued", "Datagrams put into the queue", |l| l.counters.queued),
        ("kernel_drops", "Datagrams that the kernel dropped, its buffer being full", |l| {
            l.counters.kernel_drops
        }),
        ("receive_errors", "Failures of sockets", |l| l.counters.errors),
        ("connections_refused", "Connections closed at once", |l| l.counters.connections_refused),
    ];
    for (name, help, value) in counters {
        let mut metric = text.counter(name, help);
        for listener in listeners {
            metric.value(&labels(listener), value(listener));
        }
    }
    let mut metric = text.counter("datagrams_refused", "Datagrams refused, by reason");
    for listener in listeners {
        let [address, transport] = labels(listener);
        for refusal in Refusal::ALL {
            let labels = [address, transport, ("reason", &refusal.name() as &dyn Display)];
            metric.value(&labels, listener.counters.refused_for(refusal));
        }
    }
    let gauges: [Named<ListenerStatus, u64>; 2] = [
        ("connections", "Connections open", |l| l.counters.connections),
        ("receive_buffer_bytes", "The receive buffer of each socket", |l| l.receive_buffer as u64),
    ];
    for (name, help, value) in gauges {
        let mut metric = text.gauge(name, help);
        for listener in listeners {
            metric.value(&labels(listener), value(listener));
        }
    }
}

fn reloads(text: &mut Text, collector: &Collector) {
    let reloads = collector.reloads();
    text.counter("configurations_taken", "Configurations that were read again and taken")
        .value(&[], reloads.taken);
    text.counter("configurations_refused", "Configurations that were read again and are bad")
        .value(&[], reloads.refused);
    text.gauge("configuration_bad", "Whether the last configuration is bad, so that the one before is used")
        .value(&[], u8::from(!reloads.faults.is_empty()));
}

fn labels(listener: &ListenerStatus) -> [(&'static str, &dyn Display); 2] {
    use crate::ListenTransport::{Tcp, Tls, Udp};
    let transport: &'static &'static str = match listener.transport {
        Udp => &"udp",
        Tcp => &"tcp",
        Tls => &"tls",
    };
    [("listener", &listener.address), ("transport", transport)]
}

fn snmp(text: &mut Text, collector: &Collector) {
    let poller = collector.snmp.poller();
    let (agents, counts) = (poller.status(), poller.counts());
    let failing = agents.iter().filter(|agent| agent.error.is_some()).count();
    text.gauge("snmp_agents", "Agents that are asked by SNMP").value(&[], agents.len());
    text.gauge("snmp_agents_failing", "Of these, the ones that could not be asked last").value(&[], failing);
    text.counter("snmp_walks", "Tables of interfaces read by SNMP").value(&[], counts.walks);
    text.counter("snmp_checks", "Agents asked whether they have changed").value(&[], counts.checks);
    text.counter("snmp_failures", "Agents that could not be asked").value(&[], counts.failures);
}

fn journal(text: &mut Text, collector: &Collector) {
    let counters = collector.journal.counters();
    let totals = [
        ("journal_records", "Records put into the journal", counters.records),
        ("journal_bytes", "Bytes put into the journal", counters.bytes),
        ("journal_refused", "Records that the journal did not take", counters.refused),
        ("journal_lost_segments", "Segments lost before they were written", counters.lost_segments),
        ("journal_lost_records", "Records in segments that were lost", counters.lost_records),
        ("journal_sync_errors", "Times the disk did not take what was written", counters.sync_errors),
    ];
    for (name, help, value) in totals {
        text.counter(name, help).value(&[], value);
    }
    text.gauge("journal_used_bytes", "Bytes of all segments").value(&[], counters.used);
    text.gauge("journal_allowed_bytes", "Bytes that segments may take").value(&[], counters.allowed);
    let backlogs = collector.backlogs();
    let gauges: [Named<flowql_queue::Backlog, f64>; 3] = [
        ("unwritten_records", "Datagrams that are not in the database", |b| b.records as f64),
        ("unwritten_bytes", "Bytes of their segments", |b| b.bytes as f64),
        ("unwritten_seconds", "How long ago the oldest of them was received, at most", |b| {
            health::age(b.oldest).as_secs_f64()
        }),
    ];
    for (name, help, value) in gauges {
        let mut metric = text.gauge(name, help);
        for (partition, backlog) in &backlogs {
            metric.value(&[("partition", partition)], value(backlog));
        }
    }
}

fn written(text: &mut Text, partitions: &[PartitionStatus]) {
    let counters: [Named<PartitionStatus, u64>; 10] = [
        ("rows_written", "Rows that the database acknowledged", |p| p.rows),
        ("blocks_written", "Blocks that they were in", |p| p.blocks),
        ("sum_rows_written", "Rows of aggregated tables that the database acknowledged", |p| p.summed),
        ("stretches_written", "Stretches of the queue that are written", |p| p.stretches),
        ("stretches_repeated", "Stretches begun before the start and written once more", |p| p.repeated),
        ("write_failures", "Failed attempts to write", |p| p.failures),
        ("losses", "Places of the queue where something was missing", |p| p.losses),
        ("lost_sets", "Sets that waited and whose datagrams were gone", |p| p.lost_sets),
        ("lost_states", "Saved states of the decoder that could not be read", |p| p.lost_states),
        ("limited_rows", "Flows that rate limits dropped", |p| p.dropped),
    ];
    for (name, help, value) in counters {
        let mut metric = text.counter(name, help);
        for status in partitions {
            metric.value(&[("partition", &status.partition)], value(status));
        }
    }
    let gauges: [Named<PartitionStatus, f64>; 4] = [
        ("waiting_sets", "Sets that wait for a template or a sampler", |p| p.waiting as f64),
        ("sessions", "Sessions of exporters", |p| p.sessions as f64),
        ("insert_seconds", "How long the last block took", |p| p.insert.as_secs_f64()),
        ("refused", "Whether the database refuses rows", |p| {
            f64::from(u8::from(p.trouble.as_ref().is_some_and(|trouble| trouble.refused)))
        }),
    ];
    for (name, help, value) in gauges {
        let mut metric = text.gauge(name, help);
        for status in partitions {
            metric.value(&[("partition", &status.partition)], value(status));
        }
    }
}

fn routes(text: &mut Text, status: &RoutesStatus) {
    text.gauge("bmp_routers", "Routers whose routes are known").value(&[], status.routers.len());
    text.gauge("bmp_sessions", "Sessions of BMP").value(&[], status.sessions.len());
    let mut metric = text.gauge("bmp_routes", "Routes of a router");
    for router in &status.routers {
        let address = router.address.map(|address| address.to_string()).unwrap_or_default();
        metric.value(&[("router", &address)], router.routes);
    }
    text.gauge("bmp_vrps", "VRPs").value(&[], status.vrps.unwrap_or_default());
    text.counter("bmp_sessions_ended", "Sessions that ended").value(&[], status.ended.sessions);
    let mut metric = text.counter("bmp_connections_refused", "Connections refused, by reason");
    metric.value(&[("reason", &"not_allowed")], status.not_allowed);
    metric.value(&[("reason", &"too_many")], status.too_many);
    let counters = || status.sessions.iter().map(|session| &session.counters).chain([&status.ended.counters]);
    let totals: [Named<SessionCounters, u64>; 5] = [
        ("bmp_messages", "Messages read", |c| c.messages),
        ("bmp_cleaned_updates", "Updates read without what could not be read", |c| c.cleaned_updates),
        ("bmp_routes_new", "Routes that were new", |c| c.new),
        ("bmp_routes_replaced", "Routes that took another's place", |c| c.replaced),
        ("bmp_routes_withdrawn", "Routes withdrawn", |c| c.withdrawn),
    ];
    for (name, help, value) in totals {
        text.counter(name, help).value(&[], counters().map(value).sum::<u64>());
    }
    let mut metric = text.counter("bmp_messages_refused", "Messages that could not be read, by reason");
    for refusal in flowql_bmp::Refusal::ALL {
        let refused = counters().filter_map(|counters| counters.refused.get(refusal.name())).sum::<u64>();
        metric.value(&[("reason", &refusal.name())], refused);
    }
    let mut metric = text.counter("bmp_routes_refused", "Routes refused, by the limit that was reached");
    for limit in ["routes", "attributes", "paths", "vrfs", "peers"] {
        let refused = counters().filter_map(|counters| counters.over_limit.get(limit)).sum::<u64>();
        metric.value(&[("limit", &limit)], refused);
    }
}

fn decoded(text: &mut Text, partitions: &[PartitionStatus]) {
    use flowql_decode::Counters;
    let counters: [Named<Counters, u64>; 20] = [
        ("decoded_datagrams", "Datagrams decoded", |c| c.datagrams),
        ("decoded_malformed_datagrams", "Datagrams of no protocol, or with a bad header", |c| {
            c.malformed_datagrams
        }),
        ("decoded_sets", "Sets met, each of which is in one of the next counters or waits", |c| c.sets),
        ("decoded_template_sets", "Sets of templates", |c| c.template_sets),
        ("decoded_option_sets", "Sets of option records", |c| c.option_sets),
        ("decoded_data_sets", "Sets of flow records", |c| c.data_sets),
        ("decoded_waiting_sets", "Sets that began to wait", |c| c.waiting_sets),
        ("decoded_expired_sets", "Sets whose template did not come in time", |c| c.expired_sets),
        ("decoded_malformed_sets", "Sets that could not be read whole", |c| c.malformed_sets),
        ("decoded_records", "Records of flows", |c| c.records),
        ("decoded_option_records", "Records of options", |c| c.option_records),
        ("decoded_rows", "Rows that records became", |c| c.rows),
        ("decoded_second_rows", "Of the rows, those of flows the other way", |c| c.second_rows),
        ("decoded_excess", "Records beyond the rows of a datagram", |c| c.excess),
        ("decoded_empty", "Samples that say nothing of their packet", |c| c.empty),
        ("decoded_events", "Records of events without counts", |c| c.events),
        ("decoded_repeated", "Records of firewalls that repeat what was stored", |c| c.repeated),
        ("decoded_unknown_connections", "Ends of connections not heard whole", |c| c.unknown_connections),
        ("decoded_unknown_rates", "Rows without a sampling rate", |c| c.unknown_rates),
        ("decoded_unusable_times", "Rows whose own time was not used", |c| c.unusable_times),
    ];
    for (name, help, value) in counters {
        let mut metric = text.counter(name, help);
        for status in partitions {
            metric.value(&[("partition", &status.partition)], value(&status.counters));
        }
    }
    let mut metric = text.counter("malformed", "What could not be decoded, by reason");
    for status in partitions {
        for reason in Reason::ALL {
            let labels: [(&str, &dyn Display); 2] =
                [("partition", &status.partition), ("reason", &reason.text())];
            metric.value(&labels, status.counters.refused(*reason));
        }
    }
}
