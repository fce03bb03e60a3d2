//! The imports that are measured: every analysis, mode and writer, threads from one to twice the cores, and batch sizes,
//! one thing changed at a time.
//!
//! Lists them; runs none.

use super::side::{Role, Side};
use crate::figures::import::run::Configuration;

/// The mode in which all but the mode itself is compared.
const MODE: &str = "fast";

/// An import, and what it took.
pub(crate) struct Variant {
    pub(crate) configuration: Configuration,
    pub(crate) side: Side,
    /// Whether the archives are taken out of memory before it.
    pub(crate) is_cold: bool,
}

impl Variant {
    fn of(name: &str, role: Role, mode: &str, arguments: &[&str]) -> Self {
        let configuration = Configuration::of(name, mode, arguments);
        Self { side: Side::new(name, role), configuration, is_cold: false }
    }

    /// All of them whose name contains `only`; `cold` where the archives can be taken out of memory.
    pub(crate) fn all(cores: usize, only: Option<&str>, cold: bool) -> Vec<Self> {
        let defaults = format!("{cores} jobs, batches of 3200, copy");
        let mut all = vec![
            Self::of(
                &format!("standard, {MODE}, {defaults}"),
                Role::Standard,
                MODE,
                &["--analysis", "standard"],
            ),
            Self::of(&format!("basic, {MODE}"), Role::Basic, MODE, &["--analysis", "basic"]),
            Self::of(&format!("full, {MODE}"), Role::Other, MODE, &["--analysis", "full"]),
            Self::of("standard, normal", Role::Other, "normal", &[]),
            Self::of("standard, ludicrous", Role::Other, "ludicrous", &[]),
            Self::of("basic, ludicrous", Role::Other, "ludicrous", &["--analysis", "basic"]),
            Self::of("--writer unnest", Role::Other, MODE, &["--writer", "unnest"]),
        ];
        let mut jobs: Vec<_> = (1..cores).collect();
        jobs.push(2 * cores);
        for jobs in jobs {
            let jobs = jobs.to_string();
            all.push(Self::of(&format!("--jobs {jobs}"), Role::Other, MODE, &["--jobs", &jobs]));
        }
        for size in ["320", "1000", "10000", "32000"] {
            all.push(Self::of(&format!("--batch-size {size}"), Role::Other, MODE, &["--batch-size", size]));
        }
        if cold {
            let mut variant = Self::of(&format!("standard, {MODE}, cold"), Role::Other, MODE, &[]);
            variant.is_cold = true;
            all.push(variant);
        }
        all.retain(|variant| only.is_none_or(|only| variant.side.name.contains(only)));
        all
    }
}
