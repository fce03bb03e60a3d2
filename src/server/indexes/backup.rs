//! The file of statements that is on the disk before anything is dropped: what the journals hold, for when the database
//! that holds them is gone.
//!
//! Writes that one file; `loader restore` goes by the journals and never reads it.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use sqlx::PgConnection;

use super::{IndexError, Result};
use crate::state;

/// Writes the statements of what the journals hold, durably. Call it in the transaction that drops, before the drops.
pub(super) async fn write(connection: &mut PgConnection, path: &Path) -> Result<()> {
    let lines: Vec<String> = sqlx::query_scalar(include_str!("../../../database/suspend/backup.sql"))
        .fetch_all(connection)
        .await?;
    let text = lines.join("\n") + "\n";
    keep_earlier(path, &text).and_then(|()| state::write(path, &text)).map_err(IndexError::Backup)
}

/// Keeps an earlier file beside the one to be written as `NAME.~1~` and so on, as `mv --backup=numbered` does in
/// `scripts/drop-indexes.sh`; but not one that says the same, for there would be one for each import.
fn keep_earlier(path: &Path, text: &str) -> io::Result<()> {
    let earlier = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        earlier => earlier?,
    };
    if statements(&earlier) == statements(text.as_bytes()) {
        return Ok(());
    }
    for number in 1_u32.. {
        // A second name for what is there: at no moment is there no file of the first.
        match fs::hard_link(path, numbered(path, number)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => return linked,
        }
    }
    Ok(())
}

/// All but the first line, which tells the time.
fn statements(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    text.split_at(end).1
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".~{number}~"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_is_kept_unless_it_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup.sql");
        for text in ["-- at one\na;\n", "-- at two\na;\n", "-- at three\nb;\n", "-- at four\na;\n"] {
            keep_earlier(&path, text).unwrap();
            state::write(&path, text).unwrap();
        }
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(&path), "-- at four\na;\n");
        assert_eq!(read(&numbered(&path, 1)), "-- at two\na;\n");
        assert_eq!(read(&numbered(&path, 2)), "-- at three\nb;\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
