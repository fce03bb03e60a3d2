//! How much this program's threads insist on processor and disk.
//!
//! Sets the priority of the calling thread and of nothing else: a server that this process starts must not inherit it, so the
//! threads that read and analyse set their own as they begin. One call has no safe form and stands here, as those of
//! [`crate::mapping`] stand there.
#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "ioprio_set has no wrapper; the rest of the crate denies it")
)]

use serde::Serialize;

/// How urgently a thread's reads and writes are served, where the disk's scheduler asks (BFQ does, `none` does not).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum IoPriority {
    /// Only while nobody else uses the disk
    Idle,
    /// After everyone else
    Low,
    /// As the process was started
    #[default]
    Normal,
    /// Before everyone else
    High,
}

impl IoPriority {
    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// Class and level as `ioprio_set` takes them (`linux/ioprio.h`); none leaves what is.
    const fn number(self) -> Option<libc::c_int> {
        const BEST_EFFORT: libc::c_int = 2 << 13;
        const IDLE: libc::c_int = 3 << 13;
        match self {
            Self::Idle => Some(IDLE),
            Self::Low => Some(BEST_EFFORT | 7),
            Self::Normal => None,
            Self::High => Some(BEST_EFFORT),
        }
    }
}

/// What a thread insists on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priority {
    /// The disk.
    pub io: IoPriority,
    /// The processor: 0 to 19, the higher the more it stands back. Never less than the process was started with.
    pub nice: u8,
}

impl Priority {
    /// Gives the calling thread this priority. A refusal is logged and no more: the work is the same.
    pub(crate) fn take_effect(self) {
        let nice = i32::from(self.nice);
        // On Linux these speak of the calling thread.
        if nice > rustix::process::getpriority_process(None).unwrap_or_default()
            && let Err(error) = rustix::process::setpriority_process(None, nice)
        {
            tracing::debug!(%error, nice, "the niceness stays as it is");
        }
        if let Some(number) = self.io.number()
            && let Err(error) = set_io(number)
        {
            tracing::debug!(%error, io = self.io.word(), "the I/O priority stays as it is");
        }
    }
}

#[cfg(target_os = "linux")]
fn set_io(priority: libc::c_int) -> std::io::Result<()> {
    const PROCESS: libc::c_int = 1;
    const CALLER: libc::c_int = 0;
    // SAFETY: the call takes three numbers and no address; it touches no memory of this process.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, PROCESS, CALLER, priority) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn set_io(_priority: libc::c_int) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// Niceness and I/O priority of the calling thread.
    fn own() -> (i32, libc::c_int) {
        // SAFETY: as in `set_io`.
        let io = unsafe { libc::syscall(libc::SYS_ioprio_get, 1, 0) };
        (rustix::process::getpriority_process(None).unwrap(), libc::c_int::try_from(io).unwrap())
    }

    #[test]
    fn a_thread_stands_back_alone() {
        let before = own();
        let wanted = Priority { io: IoPriority::Idle, nice: 19 };
        let inside = std::thread::spawn(move || {
            wanted.take_effect();
            own()
        });
        assert_eq!(inside.join().unwrap(), (19, 3 << 13));
        assert_eq!(own(), before, "the thread beside it is as it was");
        let low = std::thread::spawn(|| {
            Priority { io: IoPriority::Low, nice: 0 }.take_effect();
            own()
        });
        assert_eq!(low.join().unwrap(), (before.0, 2 << 13 | 7));
    }

    #[test]
    fn nothing_asked_changes_nothing() {
        let before = own();
        let after = std::thread::spawn(|| {
            Priority::default().take_effect();
            own()
        });
        assert_eq!(after.join().unwrap(), before);
    }
}
