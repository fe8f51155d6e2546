//! The objects of an agent.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Instant;

use super::Device;

/// The number of an object.
pub(super) type ObjectId = Vec<u64>;

/// What an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Vec<u8>),
    Integer(u32),
    Gauge(u32),
    Ticks(u32),
    NoSuchObject,
    EndOfMibView,
}

const SYS_UP_TIME: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];
const SYS_NAME: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 5, 0];
const IF_TABLE_LAST_CHANGE: [u64; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 5, 0];
const IF_ENTRY: [u64; 9] = [1, 3, 6, 1, 2, 1, 2, 2, 1];
const IF_X_ENTRY: [u64; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];

/// All objects, in the order of their numbers, and since when the agent runs.
#[derive(Debug)]
pub(super) struct Objects {
    values: BTreeMap<ObjectId, Value>,
    started: Instant,
}

impl Objects {
    /// Those of a device that starts now.
    pub(super) fn of(device: &Device) -> Self {
        let text = |text: &str| Value::Text(text.as_bytes().to_vec());
        let mut values = BTreeMap::from([
            (SYS_UP_TIME.to_vec(), Value::Ticks(0)),
            (SYS_NAME.to_vec(), text(&device.name)),
        ]);
        if device.has_extended_table {
            values.insert(IF_TABLE_LAST_CHANGE.to_vec(), Value::Ticks(0));
        }
        for interface in &device.interfaces {
            let index = interface.index.into();
            let mut put = |entry: &[u64], column: u64, value: Value| {
                values.insert([entry, &[column, index]].concat(), value);
            };
            put(&IF_ENTRY, 1, Value::Integer(interface.index));
            put(&IF_ENTRY, 2, text(&format!("Interface {}", interface.name)));
            put(&IF_ENTRY, 5, Value::Gauge(interface.speed.saturating_mul(1_000_000)));
            if device.has_extended_table {
                put(&IF_X_ENTRY, 1, text(&interface.name));
                put(&IF_X_ENTRY, 15, Value::Gauge(interface.speed));
                put(&IF_X_ENTRY, 18, text(&interface.description));
            }
        }
        Self { values, started: Instant::now() }
    }

    pub(super) fn get(&self, object: ObjectId) -> (ObjectId, Value) {
        let value = match self.values.get(&object) {
            Some(Value::Ticks(_)) if object == SYS_UP_TIME => self.uptime(),
            Some(value) => value.clone(),
            None => Value::NoSuchObject,
        };
        (object, value)
    }

    /// The object behind another.
    pub(super) fn next(&self, object: &ObjectId) -> (ObjectId, Value) {
        let mut behind = self.values.range::<ObjectId, _>((Bound::Excluded(object), Bound::Unbounded));
        match behind.next() {
            Some((next, _)) => self.get(next.clone()),
            None => (object.clone(), Value::EndOfMibView),
        }
    }

    fn uptime(&self) -> Value {
        Value::Ticks((self.started.elapsed().as_millis() / 10) as u32)
    }
}
