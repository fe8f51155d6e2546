//! Where filters are worked on: the cheap ones at once, the others in a lane of their own.
//!
//! A few kilobytes cost some microseconds, less than handing the work to another thread. What may cost milliseconds
//! would hold up everyone else's request; such work waits its turn on threads that run when a core has nothing else to
//! do. A low priority is not enough for that: a thread of it that runs keeps its core for a time slice, some
//! milliseconds. Where no core is ever free, work that has waited for long goes to a thread of a low priority.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::problem::Problem;

/// The bytes up to which a filter is worked on at once.
const CHEAP: usize = 4096;
/// How long work waits for a core that has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(2);
/// How nice the thread is that does the work then: a tenth of a core is left to it.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads for what is not cheap. They end when the lane is dropped.
#[derive(Debug)]
pub(crate) struct Lane {
    queue: Arc<Queue>,
}

impl Lane {
    /// A lane of half as many idle threads as there are cores, and one more.
    pub(crate) fn new() -> std::io::Result<Self> {
        let lane = Self { queue: Arc::default() };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for number in 0..cores.div_ceil(2) {
            lane.start(format!("lane-{number}"), Duration::ZERO, be_idle)?;
        }
        lane.start("lane-late".to_owned(), PATIENCE, be_nice)?;
        Ok(lane)
    }

    /// A thread for works that have waited for so long.
    fn start(&self, name: String, patience: Duration, prepare: fn()) -> std::io::Result<()> {
        let queue = Arc::clone(&self.queue);
        thread::Builder::new().name(name).spawn(move || {
            prepare();
            while let Some(job) = queue.next(patience) {
                // A panic is that of one request: its channel is dropped, and it is told so.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            }
        })?;
        Ok(())
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
        self.queue.push(Box::new(job));
        receiver.await.map_err(|_| Problem::internal())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue.waiting().is_closed = true;
        self.queue.changed.notify_all();
    }
}

/// The works that wait for a thread, the oldest first.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Instant, Job)>,
    is_closed: bool,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        self.waiting().jobs.push_back((Instant::now(), job));
        self.changed.notify_all();
    }

    /// The oldest work, once it has waited for so long; `None` when there will be no more.
    fn next(&self, patience: Duration) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            let left = waiting.jobs.front().map(|(since, _)| patience.saturating_sub(since.elapsed()));
            waiting = match left {
                Some(Duration::ZERO) => return waiting.jobs.pop_front().map(|(_, job)| job),
                _ if waiting.is_closed => return None,
                Some(left) => {
                    self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("jobs", &self.waiting().jobs.len()).finish()
    }
}

/// Lets this thread run only when a core has nothing else to do, where the system knows such a thing.
fn be_idle() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
            thread_native_id,
        };

        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    }
}

/// Lowers the priority of this thread, where the system knows such a thing.
fn be_nice() {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
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

    #[test]
    fn late_work_is_taken_by_the_patient_and_none_is_left_at_the_end() {
        let lane = Lane { queue: Arc::default() };
        let (sender, done) = std::sync::mpsc::channel();
        let push = |number: u32| {
            let sender = sender.clone();
            lane.queue.push(Box::new(move || sender.send(number).unwrap()));
        };
        push(1);
        let began = Instant::now();
        let patience = Duration::from_millis(30);
        lane.queue.next(patience).unwrap()();
        assert!(began.elapsed() >= Duration::from_millis(25));
        assert_eq!(done.try_recv(), Ok(1));
        push(2);
        let queue = Arc::clone(&lane.queue);
        drop(lane);
        queue.next(Duration::ZERO).unwrap()();
        assert_eq!(done.try_recv(), Ok(2));
        assert!(queue.next(Duration::ZERO).is_none() && queue.next(patience).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_lane_runs_when_nothing_else_does() {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};

        let policy = thread::spawn(|| {
            be_idle();
            thread_priority::thread_schedule_policy()
        });
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(policy.join().unwrap().unwrap(), idle);
    }
}
