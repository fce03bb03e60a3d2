//! Memory of the map of known contents: at 4 million distinct contents, and for each beyond, up to 8 million.
//!
//! `cargo bench --bench figures -- memory`. Reads the resident memory of its own process while it fills the map; nothing else of any
//! size is alive. Ends with 1 if 4 million take 1 GiB, or if any stage beyond takes more than 64 bytes for each content.

use std::process::ExitCode;

use loader::digest::Digest;
use loader::pipeline::SeenContents;

use crate::measuring::{Verdict, mebibytes, print_machine, process, real};

/// Contents up to which memory counts as a whole; beyond, it counts by content.
const FREE: u64 = 4_000_000;
const MOST: u64 = 8_000_000;
/// How often memory is looked at, and how often it is printed: the map grows in leaps, and the worst is right behind one.
const STEP: u64 = 5_000;
const PRINTED: u64 = 500_000;

pub(crate) fn measure() -> ExitCode {
    print_machine();
    let (empty, _) = process::own_memory();
    let seen = SeenContents::default();
    let (mut at_free, mut worst, mut worst_at) = (0, 0.0_f64, 0);
    println!("| contents | resident MiB | peak MiB | bytes each | bytes each beyond {FREE} |");
    println!("|---:|---:|---:|---:|---:|");
    for count in 1..=MOST {
        seen.know(&Digest::of(&count.to_le_bytes()));
        if count % STEP != 0 {
            continue;
        }
        let (resident, peak) = process::own_memory();
        let taken = resident.saturating_sub(empty);
        if count == FREE {
            at_free = taken;
        }
        let growth = (count > FREE).then(|| real(taken.saturating_sub(at_free)) / real(count - FREE));
        if let Some(growth) = growth.filter(|growth| *growth > worst) {
            (worst, worst_at) = (growth, count);
        }
        if count % PRINTED == 0 {
            println!(
                "| {count} | {:.1} | {:.1} | {:.1} | {} |",
                mebibytes(taken),
                mebibytes(peak.saturating_sub(empty)),
                real(taken) / real(count),
                growth.map(|growth| format!("{growth:.1}")).unwrap_or_default(),
            );
        }
    }
    assert_eq!(seen.len() as u64, MOST, "every content is another one");
    let mut verdict = Verdict::default();
    verdict.require(
        at_free < 1 << 30,
        &format!("{FREE} contents take {:.1} MiB, less than 1 GiB", mebibytes(at_free)),
    );
    verdict.require(
        worst <= 64.0,
        &format!(
            "{worst:.1} bytes for each content beyond {FREE} where it is most, at {worst_at}; 64 allowed"
        ),
    );
    verdict.exit()
}
