//! What SNMP says of exporters, and where it does not.

use std::time::SystemTime;

use flowql_enrich::snmp::{SnmpFailure, SnmpStatus};

use super::status::{Exporters, Problem, Severity, Snmp};

/// Puts how agents are to their exporters. Agents of those that sent nothing themselves, as where sFlow names another
/// address, say what is wrong on their own.
pub(crate) fn add(found: &mut Exporters, agents: &[SnmpStatus], now: SystemTime) {
    for agent in agents {
        let problem = problem(agent, now);
        match found.exporters.iter_mut().find(|exporter| exporter.address == agent.exporter) {
            Some(exporter) => {
                exporter.snmp = Some(shown(agent, now));
                exporter.problems.extend(problem);
                super::status::sort(&mut exporter.problems);
            }
            None => found.problems.extend(problem),
        }
    }
}

fn shown(agent: &SnmpStatus, now: SystemTime) -> Snmp {
    Snmp {
        agent: agent.agent,
        interfaces: agent.interfaces,
        answered_seconds: age(agent, now),
        error: agent.error.as_ref().map(ToString::to_string),
    }
}

/// How long ago it answered.
fn age(agent: &SnmpStatus, now: SystemTime) -> Option<u64> {
    Some(now.duration_since(agent.answered?).unwrap_or_default().as_secs())
}

fn problem(agent: &SnmpStatus, now: SystemTime) -> Option<Problem> {
    let error = agent.error.as_ref()?;
    let what = match error {
        SnmpFailure::NoAnswer => format!("SNMP: no answer from {}", agent.agent),
        error => format!("SNMP at {}: {error}", agent.agent),
    };
    let message = match age(agent, now) {
        Some(seconds) => format!("{what}; what it said {seconds} s ago is used"),
        None => what,
    };
    let advice = match error {
        SnmpFailure::NoAnswer | SnmpFailure::Unreachable(_) => {
            "see that the agent runs and takes questions from this machine, and that its address, port and \
             community in [[snmp.agent]] are right"
        }
        SnmpFailure::Refused(_) => {
            "see that user, passwords, algorithms and `key_extension` in [[snmp.agent]] are those of the agent"
        }
        _ => "ask the agent with `snmpbulkwalk` for ifXTable, and see what it answers",
    };
    let (kind, severity) = ("snmp".into(), Severity::Warning);
    Some(Problem { kind, severity, message, advice: advice.into() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::status::Exporter;
    use super::*;

    #[test]
    fn an_agent_that_fails_is_a_problem_of_its_exporter() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let agent = |exporter: &str, answered: Option<u64>, error| SnmpStatus {
            exporter: exporter.parse().unwrap(),
            agent: format!("{exporter}:161").parse().unwrap(),
            answered: answered.map(|seconds| now - Duration::from_secs(seconds)),
            interfaces: 3,
            error,
        };
        let exporter =
            |address: &str| Exporter { name: address.to_owned(), ..Exporter::of(address.parse().unwrap()) };
        let exporters = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(exporter).to_vec();
        let mut found = Exporters { exporters, ..Exporters::default() };
        let refused = SnmpFailure::Refused("it does not know the user".to_owned());
        let agents = [
            agent("192.0.2.1", Some(5), None),
            agent("192.0.2.2", Some(60), Some(SnmpFailure::NoAnswer)),
            agent("192.0.2.9", None, Some(refused)),
        ];
        add(&mut found, &agents, now);
        let snmp = found.exporters[0].snmp.clone().unwrap();
        assert_eq!((snmp.interfaces, snmp.answered_seconds, snmp.error), (3, Some(5), None));
        assert!(found.exporters[0].problems.is_empty() && found.exporters[2].snmp.is_none());
        let said =
            |problems: &[Problem]| problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>();
        assert_eq!(
            said(&found.exporters[1].problems),
            ["SNMP: no answer from 192.0.2.2:161; what it said 60 s ago is used"]
        );
        let other = "SNMP at 192.0.2.9:161: it refuses the user, a password or an algorithm: it does not know the user";
        assert_eq!(said(&found.problems), [other]);
    }
}
