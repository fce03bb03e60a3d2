//! Look-ups by any key, many at a time. Each answers in the order of what was asked.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{Catalog, Content};
use crate::digest::{Digest, FileId, SourceId};
use crate::error::Result;
use crate::library::failed;
use crate::sink::{Keys, SinkErrorKind};
use crate::writer::{recover, run_error};

/// What separates an archive and a path in it.
const NESTING: &str = "!/";

impl Catalog {
    /// Contents by id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn by_ids(&mut self, ids: &[FileId]) -> Result<Vec<Option<Content>>> {
        let found = self.contents("files.id = asked.number", ids, |ids| {
            let bytes = Some(vec![None; ids.len()]);
            Keys { numbers: ids.iter().map(|id| Some(id.0)).collect(), bytes, ..Keys::default() }
        });
        Ok(first_of_each(found.await?))
    }

    /// Contents by BLAKE3-256.
    ///
    /// # Errors
    /// What the database says.
    pub async fn by_digests(&mut self, digests: &[Digest]) -> Result<Vec<Option<Content>>> {
        let same = "files.id = asked.number AND files.digest = asked.bytes";
        let found = self.contents(same, digests, |digests| Keys {
            numbers: digests.iter().map(|digest| Some(digest.file_id().0)).collect(),
            bytes: Some(digests.iter().map(|digest| Some(digest.as_bytes().to_vec())).collect()),
            ..Keys::default()
        });
        Ok(first_of_each(found.await?))
    }

    /// Contents by MD5, of those whose MD5 was kept. Several may have the same: whoever wants to can make two that do.
    ///
    /// # Errors
    /// What the database says.
    pub async fn by_md5(&mut self, sums: &[[u8; 16]]) -> Result<Vec<Vec<Content>>> {
        let found = self.contents("files.md5 = asked.bytes", sums, |sums| Keys {
            numbers: vec![None; sums.len()],
            bytes: Some(sums.iter().map(|sum| Some(sum.to_vec())).collect()),
            ..Keys::default()
        });
        found.await
    }

    /// Contents by the signature of their notes, [`note_signature`](crate::record::Metadata::note_signature).
    ///
    /// # Errors
    /// What the database says.
    pub async fn by_note_signatures(&mut self, signatures: &[i64]) -> Result<Vec<Vec<Content>>> {
        let statement = include_str!("../../database/catalog/by_note_signatures.sql");
        let keys = |signatures: &[i64]| Keys {
            numbers: signatures.iter().map(|signature| Some(*signature)).collect(),
            ..Keys::default()
        };
        self.look_up(statement, signatures, keys).await
    }

    /// What lies at these paths: of files on disk, or, written `pack.zip!/drums/fill.mid`, in archives. A file's path may be
    /// any bytes; within an archive it is the text that listings show.
    ///
    /// # Errors
    /// What the database says.
    pub async fn by_paths<P: AsRef<OsStr> + Sync>(&mut self, paths: &[P]) -> Result<Vec<Option<Content>>> {
        let statement = include_str!("../../database/catalog/by_paths.sql");
        Ok(first_of_each(self.look_up(statement, paths, candidates).await?))
    }

    /// Where each of these contents lies.
    ///
    /// # Errors
    /// What the database says.
    pub async fn places(&mut self, ids: &[FileId]) -> Result<Vec<Vec<String>>> {
        let mut places: HashMap<i64, Vec<String>> = HashMap::new();
        for ids in ids.chunks(self.settings.look_up.max(1)) {
            let numbers = ids.iter().map(|id| Some(id.0)).collect();
            let keys = Keys { numbers, ..Keys::default() };
            for row in self.rows(include_str!("../../database/catalog/places.sql"), &keys).await? {
                let (id, path) = place(&row).map_err(|error| failed("reading a look-up", error))?;
                places.entry(id).or_default().push(path);
            }
        }
        Ok(ids.iter().map(|id| places.get(&id.0).cloned().unwrap_or_default()).collect())
    }

    async fn contents<K: Sync>(
        &mut self,
        condition: &str,
        keys: &[K],
        parameters: impl Fn(&[K]) -> Keys,
    ) -> Result<Vec<Vec<Content>>> {
        let statement = include_str!("../../database/catalog/contents.sql").replace("{match}", condition);
        self.look_up(&statement, keys, parameters).await
    }

    async fn look_up<K>(
        &mut self,
        statement: &str,
        keys: &[K],
        parameters: impl Fn(&[K]) -> Keys,
    ) -> Result<Vec<Vec<Content>>> {
        let mut found = vec![Vec::new(); keys.len()];
        let size = self.settings.look_up.max(1);
        for (first, keys) in (0..).step_by(size).zip(keys.chunks(size)) {
            for row in self.rows(statement, &parameters(keys)).await? {
                let (position, content) = Content::of(&row)?;
                if let Some(found) = found.get_mut(first + position) {
                    found.push(content);
                }
            }
        }
        Ok(found)
    }

    /// The rows of one query, with its retries.
    async fn rows(&mut self, statement: &str, keys: &Keys) -> Result<Vec<PgRow>> {
        let mut pauses = self.settings.retry_pauses.iter();
        loop {
            match self.sink.look_up(statement, keys).await {
                Ok(rows) => return Ok(rows),
                Err(error) if error.kind == SinkErrorKind::Transient => {
                    recover(&mut self.sink, &mut pauses, error).await.map_err(run_error)?;
                }
                Err(error) => return Err(run_error(error)),
            }
        }
    }
}

fn place(row: &PgRow) -> sqlx::Result<(i64, String)> {
    Ok((row.try_get("file_id")?, row.try_get("path")?))
}

fn first_of_each(found: Vec<Vec<Content>>) -> Vec<Option<Content>> {
    found.into_iter().map(|found| found.into_iter().next()).collect()
}

/// The sources that paths may lie in: a name may itself hold what separates.
fn candidates<P: AsRef<OsStr>>(paths: &[P]) -> Keys {
    let mut keys = Keys::default();
    let (mut ids, mut sources, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for (position, path) in (1..).zip(paths) {
        let path = path.as_ref().as_bytes();
        let separators =
            path.windows(NESTING.len()).enumerate().filter(|(_, bytes)| *bytes == NESTING.as_bytes());
        let within = separators.filter_map(|(at, _)| {
            let (source, entry) = path.split_at_checked(at)?;
            Some((source, entry.strip_prefix(NESTING.as_bytes())))
        });
        for (source, entry) in within.chain([(path, None)]) {
            keys.numbers.push(Some(position));
            ids.push(SourceId::of(source).0);
            sources.push(shown(source));
            entries.push(entry.map(shown));
        }
    }
    keys.sources = Some((ids, sources, entries));
    keys
}

/// Bytes as the library shows them: text that PostgreSQL takes.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_lie_in_any_of_the_archives_it_names() {
        let keys = candidates(&["/a.mid", "/p.zip!/q.tar!/b.mid"]);
        assert_eq!(keys.numbers, [Some(1), Some(2), Some(2), Some(2)]);
        let (ids, sources, entries) = keys.sources.unwrap();
        assert_eq!(ids[0], SourceId::of(b"/a.mid").0);
        assert_eq!(sources, ["/a.mid", "/p.zip", "/p.zip!/q.tar", "/p.zip!/q.tar!/b.mid"]);
        assert_eq!(entries, [None, Some("q.tar!/b.mid".to_owned()), Some("b.mid".to_owned()), None]);
        let keys = candidates(&[OsStr::from_bytes(b"/caf\xe9.mid")]);
        let (ids, sources, _) = keys.sources.unwrap();
        assert_eq!((ids[0], &*sources[0]), (SourceId::of(b"/caf\xe9.mid").0, "/caf\u{fffd}.mid"));
    }
}
