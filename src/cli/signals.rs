//! Ctrl-C and SIGTERM: the first asks the run to end in order, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use super::terminal::Terminal;
use crate::error::Result;
use crate::pipeline::Stop;

/// Which signal asked the run to end; 0 for none.
#[derive(Clone, Debug, Default)]
pub(super) struct Received(Arc<AtomicI32>);

impl Received {
    /// The signal, if one came.
    pub(super) fn signal(&self) -> Option<i32> {
        let signal = self.0.load(Ordering::Relaxed);
        (signal != 0).then_some(signal)
    }
}

/// What a command that is asked to end does to the library.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// It stores, and may have suspended or changed something for that.
    Stores,
    /// It deletes by batches.
    Deletes,
    /// It leaves the library as it is.
    Reads,
}

impl Effect {
    const fn stopping(self) -> &'static str {
        match self {
            Self::Stores => "stopping: what was read is being stored; once more to leave at once",
            Self::Deletes => {
                "stopping: the batch that was begun is being finished; once more to leave at once"
            }
            Self::Reads => "stopping: what was begun is being finished; once more to leave at once",
        }
    }

    const fn left(self) -> &'static str {
        match self {
            Self::Stores => {
                "left at once; whatever is suspended or changed comes back by the same command, or by: loader restore"
            }
            Self::Deletes | Self::Reads => "left at once",
        }
    }
}

/// Listens until the process ends.
pub(super) fn listen(stop: Arc<Stop>, terminal: Terminal, effect: Effect) -> Result<Received> {
    let received = Received::default();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let told = received.clone();
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                Some(()) = interrupts.recv() => libc::SIGINT,
                Some(()) = terminations.recv() => libc::SIGTERM,
                else => return,
            };
            if told.0.swap(number, Ordering::Relaxed) != 0 {
                terminal.say(effect.left());
                leave_by(number);
            }
            terminal.say(effect.stopping());
            stop.ask();
        }
    });
    Ok(received)
}

/// Ends the process the way the signal would have, so that the shell sees it.
pub(super) fn leave_by(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}
