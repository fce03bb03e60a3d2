//! Every analysis by itself, on files whose events were heard just before.
//!
//! Hearing is timed as a part of its own, and not in any other.

use std::time::{Duration, Instant};

use criterion::Criterion;
use loader::midi::dissection::{Dissection, Step};

use super::reading::{FILES, weight};
use crate::measuring::contents;

/// Measures them.
pub(crate) fn measure(criterion: &mut Criterion) {
    let clean: Vec<_> = (0..FILES).map(contents::clean).collect();
    let mut group = criterion.benchmark_group("analyses");
    group.throughput(weight(&clean));
    let mut dissection = Dissection::default();
    group.bench_function("hear and pair", |bencher| {
        bencher.iter(|| clean.iter().filter(|content| dissection.hear(content)).count());
    });
    for step in Step::ALL {
        group.bench_function(step.word(), |bencher| {
            bencher.iter_custom(|times| {
                let mut took = Duration::ZERO;
                for content in (0..times).flat_map(|_| &clean) {
                    dissection.hear(content);
                    // What the step needs of the others.
                    for earlier in Step::ALL.into_iter().take_while(|earlier| *earlier != step) {
                        if matches!(earlier, Step::Time | Step::Notes | Step::Chords) {
                            dissection.make(earlier);
                        }
                    }
                    let began = Instant::now();
                    dissection.make(step);
                    took += began.elapsed();
                }
                took
            });
        });
    }
    group.finish();
}
