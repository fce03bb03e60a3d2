//! How often analysing a content allocates: never for an event, a few times for each content: the columns of its row.
//!
//! A program of its own, for its allocator counts. `--nocapture` prints the table that `scripts/performance.sh` writes
//! into `docs/performance.md`.
#![allow(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use loader::midi::{Analyser, AnalysisLevel};
use loader::sample;

thread_local! {
    static COUNT: Cell<Allocations> = const { Cell::new(Allocations { made: 0, enlarged: 0, bytes: 0 }) };
}

/// What a thread has asked of its allocator.
#[derive(Clone, Copy, Debug, Default)]
struct Allocations {
    made: u64,
    enlarged: u64,
    bytes: u64,
}

struct Counting;

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| {
            let Allocations { made, enlarged, bytes } = count.get();
            count.set(Allocations { made: made + 1, enlarged, bytes: bytes + layout.size() as u64 });
        });
        // SAFETY: as of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| {
            let Allocations { made, enlarged, bytes } = count.get();
            let more = size.saturating_sub(layout.size()) as u64;
            count.set(Allocations { made, enlarged: enlarged + 1, bytes: bytes + more });
        });
        // SAFETY: as of the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Contents of each size.
const EACH: u64 = 40;

/// What analysing one content takes on average, and its events, after others of the same kind have filled the analyser's buffers.
fn of_each(level: AnalysisLevel, size: usize) -> (Allocations, usize) {
    let contents: Vec<_> = (0..EACH).map(|index| sample::midi(size as u64, index, size)).collect();
    let mut analyser = Analyser::new(level);
    let mut all = Allocations::default();
    let mut bytes = 0;
    for is_counted in [false, true] {
        for content in &contents {
            let before = COUNT.get();
            let reading = analyser.read(content);
            let after = COUNT.get();
            assert!(reading.is_ok(), "generated contents can be read");
            if is_counted {
                all.made += after.made - before.made;
                all.enlarged += after.enlarged - before.enlarged;
                all.bytes += after.bytes - before.bytes;
                bytes += content.len();
            }
            drop(reading);
        }
    }
    (all, bytes)
}

#[test]
fn few_for_a_content_and_none_for_an_event() {
    println!("| level | bytes each | allocations | enlargements | bytes allocated |");
    println!("|---|---:|---:|---:|---:|");
    // What grows with a content is its texts, tracks and programs; at `full` each chord that is named is a text of its own. One
    // allocation for a hundred events would be more than is allowed of the large ones.
    for (level, most) in
        [(AnalysisLevel::Basic, 48), (AnalysisLevel::Standard, 54), (AnalysisLevel::Full, 400)]
    {
        for size in [10_000, 120_000] {
            let (all, bytes) = of_each(level, size);
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let each = |count: u64| count as f64 / EACH as f64;
            println!(
                "| {} | {} | {:.1} | {:.1} | {:.0} |",
                level.word(),
                bytes / usize::try_from(EACH).unwrap(),
                each(all.made),
                each(all.enlarged),
                each(all.bytes)
            );
            assert!(
                all.made + all.enlarged <= most * EACH,
                "{}: {} allocations for a content of {size} bytes, at most {most} allowed",
                level.word(),
                each(all.made + all.enlarged)
            );
        }
    }
}
