//! Progress, as it is shown: bars, lines or JSON, and always as lines in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::terminal::{Terminal, bytes, duration, grouped};
use super::{Everywhere, ProgressFace};
use crate::progress::{Counters, Phase, Snapshot};

/// How often a line is written, and a bar drawn.
const LINE: Duration = Duration::from_secs(2);
const FRAME: Duration = Duration::from_millis(200);

/// Shows the progress of a run.
pub(super) struct Reporter {
    face: ProgressFace,
    terminal: Terminal,
    counters: Arc<Counters>,
}

/// A reporter at work.
pub(super) struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Reporter {
    pub(super) fn new(everywhere: &Everywhere, terminal: Terminal, counters: Arc<Counters>) -> Self {
        let face = match everywhere.progress() {
            _ if everywhere.quiet => ProgressFace::None,
            ProgressFace::Auto if terminal.has_bars() => ProgressFace::Bar,
            ProgressFace::Auto => ProgressFace::Plain,
            chosen => chosen,
        };
        Self { face, terminal, counters }
    }

    /// Begins to show.
    pub(super) fn start(self) -> Running {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.show(stopped));
        Running { stop, task }
    }

    async fn show(self, mut stopped: oneshot::Receiver<()>) {
        let bar = (self.face == ProgressFace::Bar).then(bar);
        let mut clock = Clock::new();
        let mut next_line = Instant::now() + LINE;
        loop {
            let over = tokio::time::timeout(FRAME, &mut stopped).await.is_ok();
            let progress = clock.read(self.counters.snapshot());
            if let Some(bar) = &bar {
                bar.set_length(progress.counted.bytes_found.max(1));
                bar.set_position(progress.counted.bytes_done);
                bar.set_message(progress.line());
            }
            if over {
                break;
            }
            if Instant::now() >= next_line {
                next_line += LINE;
                clock.mark(progress.counted);
                tracing::info!("{}", progress.line());
                match self.face {
                    ProgressFace::Plain => self.terminal.say(&progress.line()),
                    ProgressFace::Json => self.terminal.say(&progress.json()),
                    _ => {}
                }
            }
        }
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

impl Running {
    /// Ends, and clears what was drawn.
    pub(super) async fn end(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:20} {percent:>3}% {wide_msg}");
    ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Tells rates over the last lines.
struct Clock {
    began: Instant,
    marked: (Instant, Snapshot),
}

impl Clock {
    fn new() -> Self {
        let now = Instant::now();
        Self { began: now, marked: (now, Snapshot::default()) }
    }

    fn mark(&mut self, counted: Snapshot) {
        self.marked = (Instant::now(), counted);
    }

    fn read(&mut self, counted: Snapshot) -> Progress {
        let (since, before) = self.marked;
        let elapsed = since.elapsed();
        let per_second = |now: u64, then: u64| crate::import::rate(now.saturating_sub(then), elapsed);
        Progress {
            counted,
            seconds: self.began.elapsed().as_secs_f64(),
            files_per_second: per_second(counted.read, before.read),
            bytes_per_second: per_second(counted.bytes_extracted, before.bytes_extracted),
            overall_bytes_per_second: crate::import::rate(counted.bytes_done, self.began.elapsed()),
        }
    }
}

/// What a line tells.
struct Progress {
    counted: Snapshot,
    seconds: f64,
    files_per_second: f64,
    bytes_per_second: f64,
    overall_bytes_per_second: f64,
}

impl Progress {
    /// `loading 812/1,204 sources · 104,331 read, 98,204 stored · 5,449/s · 98 MB/s · 27 rejected · ETA 3m 41s`
    fn line(&self) -> String {
        let counted = &self.counted;
        if counted.phase == Phase::Indexing {
            let (done, total) = (counted.indexes_done, counted.indexes_total);
            return format!("indexing {done}/{total} indexes · {}", duration(self.seconds));
        }
        if counted.phase == Phase::Sorting {
            return format!("sorting {} into songs · {}", grouped(counted.sorted), duration(self.seconds));
        }
        let more = if counted.walk_ended == 0 { "+" } else { "" };
        let mut line = format!(
            "{} {}/{}{more} sources · {} read, {} stored · {:.0}/s · {}/s · {} rejected",
            counted.phase.word(),
            grouped(counted.sources_done),
            grouped(counted.sources_found),
            grouped(counted.read),
            grouped(counted.inserted + counted.renewed + counted.duplicate),
            self.files_per_second,
            bytes(whole(self.bytes_per_second)),
            grouped(counted.rejected),
        );
        if let Some(seconds) = self.remaining() {
            line.push_str(&format!(" · ETA {}", duration(seconds)));
        }
        line
    }

    /// Seconds until the sources that were found are read, by their bytes on disk.
    #[expect(clippy::cast_precision_loss, reason = "a guess for reading")]
    fn remaining(&self) -> Option<f64> {
        let left = self.counted.bytes_found.saturating_sub(self.counted.bytes_done);
        let known = self.counted.walk_ended > 0 && self.overall_bytes_per_second > 0.0 && left > 0;
        known.then(|| left as f64 / self.overall_bytes_per_second)
    }

    fn json(&self) -> String {
        let mut value = serde_json::to_value(self.counted).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            object.insert("seconds".to_owned(), self.seconds.into());
            object.insert("files_per_second".to_owned(), self.files_per_second.into());
            object.insert("bytes_per_second".to_owned(), self.bytes_per_second.into());
            object.insert("eta_seconds".to_owned(), self.remaining().into());
        }
        value.to_string()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate, never negative")]
fn whole(rate: f64) -> u64 {
    rate.max(0.0) as u64
}
