//! An SNMP agent of version 2c with a table of interfaces (RFC 2863), as routers have one: it answers, answers late, does
//! not answer, or is restarted with other numbers for its interfaces.

mod ber;
mod objects;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use snmp2::{MessageType, Pdu, Version};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use self::objects::{ObjectId, Objects, Value};

/// The longest answer, which fits into a packet of Ethernet, in bytes.
const LONGEST_ANSWER: usize = 1400;
/// The longest question.
const LONGEST_QUESTION: usize = 65_507;

/// What an agent tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name (sysName).
    pub name: String,
    /// The community that it takes.
    pub community: String,
    /// Its interfaces.
    pub interfaces: Vec<DeviceInterface>,
    /// Whether it has the newer table, ifXTable, with short names, descriptions and high speeds.
    pub has_extended_table: bool,
}

/// An interface of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInterface {
    /// Its index.
    pub index: u32,
    /// Its name (ifName, and with `Interface ` before it ifDescr).
    pub name: String,
    /// What the operator wrote (ifAlias).
    pub description: String,
    /// Its speed in Mbit/s.
    pub speed: u32,
}

/// How an agent answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentManner {
    /// At once.
    #[default]
    Prompt,
    /// So long after the question.
    Slow(Duration),
    /// Not at all.
    Silent,
    /// With the same object to every question, without an end.
    Stuck,
}

/// An agent that runs until it is dropped.
#[derive(Debug)]
pub struct Agent {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    questions: AtomicU64,
}

#[derive(Debug)]
struct State {
    manner: AgentManner,
    community: String,
    objects: Objects,
}

impl Agent {
    /// Starts an agent at an address, on the runtime of the caller. The port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn start(address: SocketAddr, device: &Device) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let state = State {
            manner: AgentManner::default(),
            community: device.community.clone(),
            objects: Objects::of(device),
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), questions: AtomicU64::new(0) });
        let address = socket.local_addr()?;
        let task = tokio::spawn(serve(socket, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many questions it got.
    pub fn questions(&self) -> u64 {
        self.shared.questions.load(Ordering::Relaxed)
    }

    /// Answers in another manner from now on.
    pub fn behave(&self, manner: AgentManner) {
        self.shared.state().manner = manner;
    }

    /// Restarts it as another device: its clock begins again, its interfaces may have other numbers.
    pub fn restart(&self, device: &Device) {
        let mut state = self.shared.state();
        (state.community, state.objects) = (device.community.clone(), Objects::of(device));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers, without an end.
async fn serve(socket: UdpSocket, shared: Arc<Shared>) {
    let socket = Arc::new(socket);
    let mut question = vec![0; LONGEST_QUESTION];
    loop {
        // An error is of an answer that was not wanted any more.
        let Ok((length, from)) = socket.recv_from(&mut question).await else { continue };
        shared.questions.fetch_add(1, Ordering::Relaxed);
        let (answer, manner) = {
            let state = shared.state();
            (state.answer(question.get(..length).unwrap_or_default()), state.manner)
        };
        let Some(answer) = answer else { continue };
        match manner {
            AgentManner::Silent => {}
            AgentManner::Slow(pause) => {
                let socket = Arc::clone(&socket);
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    // Who asked may be gone.
                    drop(socket.send_to(&answer, from).await);
                });
            }
            AgentManner::Prompt | AgentManner::Stuck => drop(socket.send_to(&answer, from).await),
        }
    }
}

impl State {
    /// The answer to a question; `None` where there is none, as to another community.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let question = Pdu::from_bytes(question).ok()?;
        if question.version().ok()? != Version::V2C || question.community != self.community.as_bytes() {
            return None;
        }
        let asked: Vec<ObjectId> =
            question.varbinds.clone().filter_map(|(name, _)| Some(name.iter()?.collect())).collect();
        let found = match question.message_type {
            MessageType::GetRequest => asked.into_iter().map(|object| self.objects.get(object)).collect(),
            MessageType::GetNextRequest => asked.iter().map(|object| self.next(object)).collect(),
            // Its numbers are where answers have their errors (RFC 3416, 3).
            MessageType::GetBulkRequest => self.bulk(&asked, question.error_status, question.error_index),
            _ => return None,
        };
        Some(ber::response(self.community.as_bytes(), question.req_id, &found))
    }

    fn next(&self, object: &ObjectId) -> (ObjectId, Value) {
        match self.manner {
            AgentManner::Stuck => self.objects.get(object.clone()),
            _ => self.objects.next(object),
        }
    }

    fn bulk(&self, asked: &[ObjectId], single: u32, repetitions: u32) -> Vec<(ObjectId, Value)> {
        let (once, repeated) = asked.split_at_checked(single as usize).unwrap_or((asked, &[]));
        let mut found: Vec<(ObjectId, Value)> = once.iter().map(|object| self.next(object)).collect();
        let mut cursors = repeated.to_vec();
        let mut length: usize = found.iter().map(ber::length).sum();
        for _ in 0..repetitions {
            for cursor in &mut cursors {
                let next = self.next(cursor);
                length += ber::length(&next);
                if length > LONGEST_ANSWER && !found.is_empty() {
                    return found;
                }
                cursor.clone_from(&next.0);
                found.push(next);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
