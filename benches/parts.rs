//! Each part of an import by itself, in bytes or rows a second: inflating, digests, parsing, every analysis, encoding, COPY,
//! `unnest`, index builds and rescans.
//!
//! `cargo bench --bench parts [-- reading|analyses|encoding|storing] [--save-baseline NAME | --baseline NAME]`, by criterion, which compares with the
//! last run or a saved one. On one thread but for what the server does; contents as in [`measuring::contents`]. Judges
//! nothing: whole imports are judged by `scripts/bench.sh`, growth of code by `scripts/check-instructions.sh`.

#[path = "figures/modes/library.rs"]
mod library;
mod measuring;
mod parts {
    pub(crate) mod analyses;
    pub(crate) mod encoding;
    pub(crate) mod reading;
    pub(crate) mod storing;
}
#[path = "figures/modes/rows.rs"]
mod rows;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parts::reading::measure(&mut criterion);
    parts::analyses::measure(&mut criterion);
    parts::encoding::measure(&mut criterion);
    parts::storing::measure(&mut criterion);
    criterion.final_summary();
}
