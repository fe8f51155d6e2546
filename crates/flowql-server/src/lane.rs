//! Where filters are worked on: the cheap ones at once, the others in a lane of their own.
//!
//! A few kilobytes cost some microseconds, less than handing the work to another thread. What may cost milliseconds
//! would hold up everyone else's request; such work waits its turn on threads that yield to the others.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::problem::Problem;

/// The bytes up to which a filter is worked on at once.
const CHEAP: usize = 4096;

type Job = Box<dyn FnOnce() + Send>;

/// The threads for what is not cheap. They end when the lane is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    jobs: Sender<Job>,
}

impl Lane {
    /// A lane of half as many threads as there are cores.
    pub(crate) fn new() -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..cores.div_ceil(2) {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(format!("lane-{number}")).spawn(move || {
                yield_to_others();
                while let Some(job) = next(&queue) {
                    // A panic is that of one request: its channel is dropped, and it is told so.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Does a work that costs about as much as a filter of `bytes`. The number of waiting works is bounded by that of
    /// the requests.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= CHEAP {
            return Ok(work());
        }
        let (sender, receiver) = oneshot::channel();
        let job = move || {
            // The client may have gone, or its time be over, before the work's turn came.
            if !sender.is_closed() {
                let _ = sender.send(work());
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| Problem::internal())?;
        receiver.await.map_err(|_| Problem::internal())
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Lowers the priority of this thread, where the system knows such a thing.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    {
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_that_of_one_work() {
        let lane = Lane::new().unwrap();
        let failed = lane.run(CHEAP + 1, || panic!("on purpose")).await.map(|()| 0);
        assert_eq!(failed.unwrap_err().code, "internal");
        for _ in 0..8 {
            assert_eq!(lane.run(CHEAP + 1, || 7).await.unwrap(), 7);
        }
    }
}
