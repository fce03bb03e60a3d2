//! The memory budget: bytes that are held, handed out before the work that needs them starts.
//!
//! A [`Pool`] counts; it allocates nothing and knows nothing of what the bytes are for. Whoever waits for a permit must be
//! an operating-system thread of its own, never a rayon task.
//!
//! **No deadlock by construction.** A request that does not fit waits, except that one holder at a time may go beyond the
//! capacity, by at most the allowance. Permits of the work pool are held only by what ends without waiting for anything
//! (tasks and writers), and the holder of the nesting pool's oversize place is always a running thread; so there is
//! always somebody who goes on, and memory stays under capacity + allowance.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The two pools that `--memory` is divided into.
#[derive(Debug)]
pub struct Budget {
    /// Entries being worked on and rows on their way to the database.
    pub work: Arc<Pool>,
    /// Nested archives held in memory, and the windows of decoders.
    pub nesting: Arc<Pool>,
}

impl Budget {
    /// Divides `memory` bytes: half for work, half for nested archives. `largest_entry` and `largest_held` (nested archives with their
    /// decoders' windows) are what a single holder may ask for, however small the budget.
    #[must_use]
    pub fn new(memory: usize, largest_entry: usize, largest_held: usize) -> Self {
        Self {
            work: Pool::new(memory / 2, largest_entry.saturating_add(LARGEST_BATCH)),
            nesting: Pool::new(memory / 2, largest_held),
        }
    }

    /// Makes every waiting and coming request fail: the run is being stopped.
    pub fn close(&self) {
        self.work.close();
        self.nesting.close();
    }
}

/// What a task may ask for beyond its largest entry: the small entries beside it and their rows.
const LARGEST_BATCH: usize = 8 << 20;

/// Tells apart those who may go beyond the capacity together: a thread and everything it reads in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder(u64);

impl Holder {
    /// A holder like no other.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for Holder {
    fn default() -> Self {
        Self::new()
    }
}

/// The run is being stopped; no more permits are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A number of bytes and who holds them.
#[derive(Debug)]
pub struct Pool {
    capacity: usize,
    allowance: usize,
    state: Mutex<State>,
    freed: Condvar,
    /// Rung whenever somebody has to wait, so that writers look whether to give up what they are still collecting.
    wanting: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    /// Of it what rests: nobody works on it, and it comes back only when a writer stores it.
    resting: usize,
    peak: usize,
    waiting: usize,
    /// Who went beyond the capacity, and with how many permits.
    oversize: Option<(Holder, usize)>,
    closed: bool,
}

impl Pool {
    /// A pool of `capacity` bytes, and `allowance` more for one holder at a time.
    #[must_use]
    pub fn new(capacity: usize, allowance: usize) -> Arc<Self> {
        let state = Mutex::new(State::default());
        Arc::new(Self {
            capacity,
            allowance,
            state,
            freed: Condvar::new(),
            wanting: tokio::sync::Notify::new(),
        })
    }

    /// Waits until `bytes` can be given. More than capacity + allowance is given as if it were just that much.
    ///
    /// # Errors
    /// [`Closed`] when the run is being stopped.
    pub fn acquire(self: &Arc<Self>, holder: Holder, bytes: usize) -> Result<Permit, Closed> {
        let bytes = bytes.min(self.capacity.saturating_add(self.allowance));
        let mut state = self.lock();
        let mut waited = false;
        loop {
            if state.closed {
                return Err(Closed);
            }
            if let Some(oversized) = state.admits(self, holder, bytes) {
                state.give(holder, bytes, oversized);
                state.waiting -= usize::from(waited);
                return Ok(Permit { pool: Arc::clone(self), holder, bytes, oversized, rests: false });
            }
            if !waited {
                waited = true;
                state.waiting += 1;
            }
            self.wanting.notify_waiters();
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// `bytes` if they fit at once; never beyond the capacity. For rayon tasks, which must not wait.
    #[must_use]
    pub fn try_acquire(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        let holder = Holder::new();
        let mut state = self.lock();
        let fits = !state.closed && state.used.saturating_add(bytes) <= self.capacity;
        fits.then(|| {
            state.give(holder, bytes, false);
            Permit { pool: Arc::clone(self), holder, bytes, oversized: false, rests: false }
        })
    }

    /// Resolves as soon as somebody waits for bytes that rest, at once if somebody does. Who waits for what is being worked
    /// on need only wait: there is always somebody who reads ahead, and if writers stored what they have whenever he has
    /// to wait, their batches would be of a few rows each.
    pub async fn starving(&self) {
        loop {
            let rung = self.wanting.notified();
            if self.lock().is_starved(self.capacity) {
                return;
            }
            rung.await;
        }
    }

    /// The most bytes ever held at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.lock().peak
    }

    fn close(&self) {
        self.lock().closed = true;
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a request can be met, and whether it then goes beyond the capacity.
    fn admits(&self, pool: &Pool, holder: Holder, bytes: usize) -> Option<bool> {
        let wanted = self.used.saturating_add(bytes);
        if wanted <= pool.capacity {
            return Some(false);
        }
        let place_free = self.oversize.is_none_or(|(owner, _)| owner == holder);
        (place_free && wanted <= pool.capacity.saturating_add(pool.allowance)).then_some(true)
    }

    /// Whether somebody waits and what rests is to blame: it is half of all, or all that is held, or beyond the capacity.
    fn is_starved(&self, capacity: usize) -> bool {
        let rests = self.resting >= capacity / 2 || self.resting == self.used || self.oversize.is_some();
        self.waiting > 0 && rests
    }

    fn take_back(&mut self, bytes: usize, rests: bool) {
        self.used -= bytes;
        if rests {
            self.resting -= bytes;
        }
    }

    fn give(&mut self, holder: Holder, bytes: usize, oversized: bool) {
        self.used += bytes;
        self.peak = self.peak.max(self.used);
        if oversized {
            let permits = self.oversize.map_or(0, |(_, permits)| permits);
            self.oversize = Some((holder, permits + 1));
        }
    }
}

/// Bytes that may be held until this is dropped.
#[derive(Debug)]
pub struct Permit {
    pool: Arc<Pool>,
    holder: Holder,
    bytes: usize,
    oversized: bool,
    rests: bool,
}

impl Permit {
    /// Gives back all but `bytes`; asking for more than is held changes nothing.
    pub fn shrink_to(&mut self, bytes: usize) {
        if bytes < self.bytes {
            let mut state = self.pool.lock();
            state.take_back(self.bytes - bytes, self.rests);
            drop(state);
            self.bytes = bytes;
            self.pool.freed.notify_all();
        }
    }

    /// Divides it: `bytes` of it (at most all) in a permit of their own, which rests from now on.
    #[must_use]
    pub fn lay_by(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let (holder, oversized) = (self.holder, self.oversized);
        let mut state = self.pool.lock();
        state.resting += bytes;
        if oversized && let Some((_, permits)) = &mut state.oversize {
            *permits += 1;
        }
        drop(state);
        Self { pool: Arc::clone(&self.pool), holder, bytes, oversized, rests: true }
    }

    /// Who holds it; what is read in place of it asks as the same holder.
    #[must_use]
    pub const fn holder(&self) -> Holder {
        self.holder
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.take_back(self.bytes, self.rests);
        if self.oversized {
            state.oversize = match state.oversize {
                Some((owner, permits)) if permits > 1 => Some((owner, permits - 1)),
                _ => None,
            };
        }
        drop(state);
        self.pool.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_fits_is_given_and_comes_back() {
        let pool = Pool::new(10, 5);
        let first = pool.acquire(Holder::new(), 6).unwrap();
        assert!(pool.try_acquire(5).is_none());
        drop(first);
        assert!(pool.try_acquire(5).is_some());
        assert_eq!(pool.peak(), 6);
    }

    #[test]
    fn one_holder_at_a_time_goes_beyond_the_capacity() {
        let pool = Pool::new(0, 100);
        let holder = Holder::new();
        let outer = pool.acquire(holder, 60).unwrap();
        let inner = pool.acquire(holder, 40).unwrap();
        let waiting = std::thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.acquire(Holder::new(), 100).map(|_| ())
        });
        std::thread::sleep(Duration::from_millis(20));
        assert!(!waiting.is_finished(), "a second holder went beyond the capacity");
        drop(inner);
        drop(outer);
        assert_eq!(waiting.join().unwrap(), Ok(()));
        assert_eq!(pool.peak(), 100);
    }

    #[test]
    fn a_closed_pool_wakes_those_who_wait() {
        let pool = Pool::new(1, 1);
        let held = pool.acquire(Holder::new(), 2).unwrap();
        let waiting = std::thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.acquire(Holder::new(), 2).map(|_| ())
        });
        std::thread::sleep(Duration::from_millis(20));
        pool.close();
        assert_eq!(waiting.join().unwrap(), Err(Closed));
        drop(held);
    }

    #[test]
    fn both_parts_of_an_oversize_permit_hold_the_place() {
        let pool = Pool::new(0, 10);
        let mut whole = pool.acquire(Holder::new(), 10).unwrap();
        let part = whole.lay_by(4);
        drop(whole);
        assert_eq!(pool.lock().used, 4);
        assert!(pool.lock().oversize.is_some());
        drop(part);
        assert_eq!(pool.lock().used, 0);
        assert!(pool.lock().oversize.is_none());
    }

    #[tokio::test]
    async fn writers_are_called_for_what_rests_not_for_what_is_worked_on() {
        let pool = Pool::new(10, 0);
        let mut worked_on = pool.acquire(Holder::new(), 9).unwrap();
        let waiting = std::thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.acquire(Holder::new(), 8).map(drop)
        });
        let is_called = || async {
            let patience = Duration::from_millis(50);
            tokio::time::timeout(patience, pool.starving()).await.is_ok()
        };
        assert!(!is_called().await, "all of it is being worked on");
        let mut rows = vec![worked_on.lay_by(4)];
        assert!(!is_called().await, "most of it is being worked on");
        rows.push(worked_on.lay_by(1));
        assert!(is_called().await, "half of all rests");
        rows.pop();
        assert!(!is_called().await);
        drop(worked_on);
        assert!(is_called().await, "only what rests is held");
        drop(rows);
        assert_eq!(waiting.join().unwrap(), Ok(()));
        assert!(!is_called().await, "nobody waits");
        let state = pool.lock();
        assert_eq!((state.used, state.resting), (0, 0));
    }

    #[test]
    fn shrinking_frees_the_rest() {
        let pool = Pool::new(10, 0);
        let mut permit = pool.acquire(Holder::new(), 10).unwrap();
        permit.shrink_to(3);
        permit.shrink_to(20);
        assert!(pool.try_acquire(8).is_none());
        assert!(pool.try_acquire(7).is_some());
    }
}
