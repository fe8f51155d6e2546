//! Names and speeds of exporters and interfaces by SNMP. Agents are asked aside from the path of the flows: what they say
//! is put into the [`Directory`](crate::exporters::Directory), and until then nobody waits for it.

mod access;
mod client;
mod failure;
mod poller;
mod schedule;
mod section;
mod walk;

pub use failure::SnmpFailure;
pub use poller::{SnmpCounts, SnmpPoller, SnmpStatus};
pub use section::{
    SnmpAgentSection, SnmpAuthentication, SnmpKeyExtension, SnmpPrivacy, SnmpSection, SnmpVersion,
};
