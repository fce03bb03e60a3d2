//! What the processor of this machine does meanwhile, all programs together, and what of it is this program's.
//!
//! Linux tells it (`/proc/stat`, `getrusage`); elsewhere nothing is known.

use serde::Serialize;

/// A look at the clocks of the processor, in their own ticks.
#[derive(Clone, Copy, Debug)]
pub struct MachineGlance {
    busy: f64,
    waiting: f64,
    all: f64,
    own: f64,
}

/// What the processor did between two glances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MachineUse {
    /// Share of the time of all cores in which they worked, for whatever program.
    pub busy: f64,
    /// Share in which they had nothing to do but wait for a disk.
    pub waiting_for_disk: f64,
    /// Share that this program itself used, without the server's.
    pub own: f64,
}

impl MachineGlance {
    /// The clocks now; none where the system does not tell them.
    #[must_use]
    pub fn now() -> Option<Self> {
        let stat = fs_err::read_to_string("/proc/stat").ok()?;
        let ticks = numbers(stat.lines().find_map(|line| line.strip_prefix("cpu "))?);
        // User, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen; guests are part of user.
        let [user, nice, system, idle, waiting, interrupts, soft, stolen, ..] = ticks.as_slice() else {
            return None;
        };
        let busy = user + nice + system + interrupts + soft;
        let own = fs_err::read_to_string("/proc/self/stat").ok()?;
        // The name in brackets may hold anything; the times are the 12th and 13th number behind the state.
        let own = numbers(own.rsplit_once(") ")?.1.split_once(' ')?.1);
        let own = own.get(10)? + own.get(11)?;
        Some(Self { busy, waiting: *waiting, all: busy + idle + waiting + stolen, own })
    }

    /// What was done since.
    #[must_use]
    pub fn until_now(&self) -> Option<MachineUse> {
        Self::now()?.since(self)
    }

    fn since(&self, earlier: &Self) -> Option<MachineUse> {
        let all = self.all - earlier.all;
        (all > 0.0).then(|| MachineUse {
            busy: (self.busy - earlier.busy) / all,
            waiting_for_disk: (self.waiting - earlier.waiting) / all,
            own: (self.own - earlier.own) / all,
        })
    }
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_our_own_is_seen() {
        let before = MachineGlance::now().expect("Linux tells");
        let began = std::time::Instant::now();
        let mut work = 1_u64;
        while began.elapsed().as_millis() < 200 {
            work = work.wrapping_mul(3).rotate_left(5);
        }
        let used = before.until_now().expect("time has passed");
        assert!(
            std::hint::black_box(work) != 0 && used.own > 0.0 && used.busy > 0.0 && used.busy <= 1.0,
            "{used:?}"
        );
        assert!(used.waiting_for_disk >= 0.0 && used.busy + used.waiting_for_disk <= 1.001, "{used:?}");
    }
}
