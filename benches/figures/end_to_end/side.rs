//! One side of the comparison: what it is called, and what it took in each round.
//!
//! Adds up and words; runs nothing.

use crate::measuring::{Series, mebibytes, megabytes, real};

/// Which row of the table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing can be quicker.
    Floor,
    /// What promises are made of.
    Basic,
    Standard,
    /// What people use instead.
    Pipeline,
    /// Shown beside them.
    Other,
}

/// The runs of one side.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Seconds from start to end.
    pub(crate) seconds: Series,
    /// The floor's time by its own, of each round: 1 is as quick as the floor.
    pub(crate) ratios: Series,
    /// Seconds of processor time, its own and the server's; none where they are not known.
    pub(crate) processor: Series,
    pub(crate) server_processor: Series,
    /// Most bytes of memory.
    pub(crate) peak: u64,
    /// MIDI files it read, and their bytes.
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Side {
    /// One that has not run yet.
    pub(crate) fn new(name: &str, role: Role) -> Self {
        Self {
            name: name.to_owned(),
            role,
            seconds: Series::default(),
            ratios: Series::default(),
            processor: Series::default(),
            server_processor: Series::default(),
            peak: 0,
            files: 0,
            bytes: 0,
        }
    }

    /// A run, and what the floor took beside it.
    pub(crate) fn add(&mut self, seconds: f64, floor: f64) {
        self.seconds.add(seconds);
        self.ratios.add(floor / seconds);
    }

    /// By the median.
    pub(crate) fn files_per_second(&self) -> f64 {
        real(self.files) / self.seconds.median()
    }

    /// The names of the columns, and the line below.
    pub(crate) fn print_head() {
        println!(
            "| | files/s (least – most) | MB/s | s | of the floor (least – most) | own CPU s | server CPU s | MiB |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    }

    /// Its row.
    pub(crate) fn print(&self) {
        let rate = |seconds: f64| real(self.files) / seconds;
        let shown = |number: f64, text: String| if number.is_nan() { String::new() } else { text };
        let (own, server) = (self.processor.median(), self.server_processor.median());
        println!(
            "| {} | {:.0} ({:.0} – {:.0}) | {:.0} | {:.2} | {:.3} ({:.3} – {:.3}) | {} | {} | {} |",
            self.name,
            rate(self.seconds.median()),
            rate(self.seconds.most()),
            rate(self.seconds.least()),
            megabytes(self.bytes) / self.seconds.median(),
            self.seconds.median(),
            self.ratios.median(),
            self.ratios.least(),
            self.ratios.most(),
            shown(own, format!("{own:.1}")),
            shown(server, format!("{server:.1}")),
            if self.peak > 0 { format!("{:.0}", mebibytes(self.peak)) } else { String::new() },
        );
    }
}
