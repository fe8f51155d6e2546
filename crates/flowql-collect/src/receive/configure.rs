//! Other settings while it receives: listeners come and go, the others receive on.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::forward::Target;
use super::socket::Sockets;
use super::{Error, Inherited, Listening, Receiver, Stop, bind, now};
use crate::{CollectSection, ListenSection};

impl Receiver {
    /// Takes other settings. What is received by listeners that stay is received on; those that are not configured any more
    /// are stopped as by [`stop`](Self::stop), new ones are listened at. Their receive buffers stay as they are.
    ///
    /// # Errors
    ///
    /// An address cannot be listened at: then all stays as it was, unless the address had a listener with other settings,
    /// which is stopped by then.
    pub fn configure(&mut self, section: &CollectSection, configured: HashSet<IpAddr>) -> Result<(), Error> {
        let targets = section.forward.iter().map(|forward| Target::new(forward).map(Arc::new));
        let targets: Vec<Arc<Target>> = targets.collect::<Result<_, _>>()?;
        let is_there = |receiver: &Self, listen: &&ListenSection| {
            receiver.listeners.iter().any(|known| known.listen == **listen)
        };
        let has_address = |receiver: &Self, listen: &&ListenSection| {
            receiver.listeners.iter().any(|known| known.listen.address == listen.address)
        };
        // New addresses are taken first: where one is not free, nothing has changed.
        let new = section.listen.iter().filter(|listen| !has_address(self, listen));
        let mut bound: Vec<(ListenSection, Sockets)> = Vec::new();
        for listen in new {
            bound.push((listen.clone(), bind(section, listen, &mut Inherited::default())?));
        }
        self.stop = Duration::from_millis(section.stop_ms);
        self.stop_others(&section.listen);
        let changed = section.listen.iter().filter(|listen| !is_there(self, listen));
        let changed: Vec<ListenSection> = changed
            .filter(|listen| bound.iter().all(|(known, _)| known.address != listen.address))
            .cloned()
            .collect();
        for listen in changed {
            let sockets = bind(section, &listen, &mut Inherited::default())?;
            bound.push((listen, sockets));
        }
        self.set_targets(section, targets);
        for (listen, sockets) in bound {
            let number = self.free_number();
            self.listen(number, &listen, sockets, section.receive_buffer)?;
        }
        self.shared.admission().configure(section, configured);
        let place = |known: &Listening| section.listen.iter().position(|listen| *listen == known.listen);
        self.listeners.sort_by_key(place);
        self.publish();
        Ok(())
    }

    /// Stops the listeners that are not among these.
    fn stop_others(&mut self, listen: &[ListenSection]) {
        let stop = Stop { at: now(), until: Instant::now() + self.stop };
        let (kept, ended): (Vec<_>, Vec<_>) =
            self.listeners.drain(..).partition(|known| listen.contains(&known.listen));
        self.listeners = kept;
        for known in &ended {
            known.listener.stop.get_or_init(|| stop);
        }
        for known in ended {
            known.threads.into_iter().for_each(|thread| drop(thread.join()));
            tracing::info!(address = %known.listener.address, "not listened at any more");
        }
    }

    /// Sends to other targets, where these are configured otherwise.
    fn set_targets(&mut self, section: &CollectSection, targets: Vec<Arc<Target>>) {
        if self.forward == section.forward {
            return;
        }
        self.forward.clone_from(&section.forward);
        *self.shared.targets_mut() = targets;
        self.shared.generation.fetch_add(1, Ordering::Release);
    }

    /// A number that no listener has: records in the queue have it.
    fn free_number(&self) -> u16 {
        let is_free = |number: &u16| self.listeners.iter().all(|known| known.listener.number != *number);
        (0..=u16::MAX).find(is_free).unwrap_or_default()
    }
}
