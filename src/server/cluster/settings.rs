//! Fits the private cluster's configuration to the machine: fills in `database/settings/private-cluster.conf`.
//!
//! A file that `postgresql.conf` includes, never `-c` options: those would beat what the modes change.

use super::machine::Machine;

const TEMPLATE: &str = include_str!("../../../database/settings/private-cluster.conf");

/// The configuration file's text for a server whose socket lies in `socket_directory`.
pub(super) fn fitted(machine: Machine, socket_directory: &str) -> String {
    let Machine { memory, cores, free_disk } = machine;
    let shared_buffers = (memory / 8).clamp(128, 4096);
    let max_wal_size = free_disk.map_or(4096, |free| (free / 10).clamp(1024, 16 * 1024));
    let values = [
        ("socket_directory", quoted(socket_directory)),
        ("max_wal_size_mb", max_wal_size.to_string()),
        ("min_wal_size_mb", (max_wal_size / 4).to_string()),
        ("wal_buffers_mb", if shared_buffers >= 1024 { 64 } else { 16 }.to_string()),
        ("memory_mb", memory.to_string()),
        ("shared_buffers_mb", shared_buffers.to_string()),
        ("effective_cache_size_mb", (memory / 8 * 5).max(256).to_string()),
        ("maintenance_work_mem_mb", (memory / 16).clamp(64, 1024).to_string()),
        ("work_mem_mb", (memory / 256).clamp(4, 64).to_string()),
        ("worker_processes", cores.max(8).to_string()),
        ("cores", cores.to_string()),
        ("parallel_maintenance_workers", (cores / 2).clamp(1, 4).to_string()),
    ];
    values.iter().fold(TEMPLATE.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A directory as a value of `unix_socket_directories`: in double quotes because that is a list, those in single quotes
/// because it is a setting.
fn quoted(directory: &str) -> String {
    let element = directory.replace('"', "\"\"");
    format!("'\"{}\"'", element.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_small_and_large_machines() {
        for (machine, expected) in [
            (
                Machine { memory: 512, cores: 1, free_disk: Some(100) },
                [
                    "shared_buffers = 128MB",
                    "max_wal_size = 1024MB",
                    "maintenance_work_mem = 64MB",
                    "wal_buffers = 16MB",
                ],
            ),
            (
                Machine { memory: 24_105, cores: 2, free_disk: Some(80_000) },
                [
                    "shared_buffers = 3013MB",
                    "max_wal_size = 8000MB",
                    "maintenance_work_mem = 1024MB",
                    "wal_buffers = 64MB",
                ],
            ),
            (
                Machine { memory: 1 << 20, cores: 128, free_disk: None },
                [
                    "shared_buffers = 4096MB",
                    "max_wal_size = 4096MB",
                    "max_worker_processes = 128",
                    "max_parallel_maintenance_workers = 4",
                ],
            ),
        ] {
            let text = fitted(machine, "/s");
            for line in expected {
                assert!(text.lines().any(|found| found == line), "{line} missing for {machine:?}");
            }
            assert!(!text.contains('{'), "a placeholder is left in:\n{text}");
        }
    }

    #[test]
    fn every_setting_carries_a_comment_and_none_touches_what_the_modes_change() {
        let lines: Vec<_> = TEMPLATE.lines().collect();
        for (above, line) in lines.iter().zip(lines.iter().skip(1)).filter(|(_, line)| line.contains(" = ")) {
            assert!(line.starts_with('#') || above.starts_with('#'), "{line} has no comment above it");
        }
        for name in ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"] {
            assert!(!lines.iter().any(|line| line.starts_with(name)), "{name} belongs to the modes");
        }
    }

    #[test]
    fn odd_directories_are_quoted() {
        assert_eq!(quoted("/a b"), r#"'"/a b"'"#);
        assert_eq!(quoted(r#"/it's\"x""#), r#"'"/it''s\\""x"""'"#);
    }
}
