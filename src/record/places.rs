//! `sources`, `file_locations` and `rejects`: where things were found, and what was refused there.

use super::row;
use crate::entry::{Claims, EntryPath};

/// How far the reading of a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Some of its rows may be missing.
    Loading,
    /// All its rows are committed.
    Complete,
    /// It could not be read to its end; the next import tries again.
    Failed,
}

impl SourceState {
    /// The word stored in `sources.state`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }
}

row! {
    /// A file on disk or a stream that was read.
    SourceRow in "sources" {
        /// First 63 bits of the BLAKE3 digest of the path's bytes.
        id: int8 = i64,
        /// Absolute path, or `stream:NAME`.
        path: text = String,
        /// The path's bytes where `path` cannot hold them.
        path_raw: bytea or_null = Option<Vec<u8>>,
        /// What its content is.
        kind: text = &'static str,
        /// Size on disk in bytes; -1 for a stream.
        size_bytes: int8 = i64,
        /// Modification time in nanoseconds since 1970; 0 for a stream.
        mtime_ns: int8 = i64,
        /// A word of [`SourceState`].
        state: text = &'static str,
        /// Regular files in it, at every nesting level.
        entries: int8 = i64,
        /// Entries that neither are MIDI nor say so.
        not_midi: int8 = i64,
        /// The run that met it first.
        first_run_id: int4 = i32,
        /// Inode on its device; null for a stream.
        inode: int8 or_null = Option<i64>,
        /// The device, as the operating system numbers it; null for a stream.
        device: int8 or_null = Option<i64>,
    }
}

row! {
    /// A place where a content was found.
    LocationRow in "file_locations" {
        /// The source it lies in.
        source_id: int8 = i64,
        /// Position in reading order.
        entry_ordinal: int8 = i64,
        /// The content.
        file_id: int8 = i64,
        /// The run that found it.
        run_id: int4 = i32,
        /// Where in the source; null for a bare file.
        entry_path: text or_null = Option<String>,
        /// The name's bytes where `entry_path` was decoded from something else than UTF-8.
        entry_path_raw: bytea or_null = Option<Vec<u8>>,
        /// Last part of the path.
        name: text = String,
        /// Lower-case extension, at most 16 characters.
        extension: text = String,
        /// How the name was decoded.
        name_encoding: text = &'static str,
        /// Beats per minute that the name claims.
        name_bpm: float4 or_null = Option<f32>,
        /// Key that the name claims, as `C`, `F#m`, `Bb`.
        name_key: text or_null = Option<&'static str>,
        /// Bars that the name claims.
        name_bars: int2 or_null = Option<i16>,
        /// Artist by the name.
        name_artist: text or_null = Option<String>,
        /// Title by the name.
        name_title: text or_null = Option<String>,
    }
}

impl LocationRow {
    /// The place of a content at a path of a source; the path of a bare file is its name.
    #[must_use]
    pub fn of(
        source_id: i64,
        entry_ordinal: i64,
        file_id: i64,
        run_id: i32,
        path: EntryPath,
        is_bare: bool,
    ) -> Self {
        let named = path.into_named();
        let claims = Claims::of(&named.name);
        Self {
            source_id,
            entry_ordinal,
            file_id,
            run_id,
            entry_path: (!is_bare).then_some(named.path),
            entry_path_raw: named.raw.filter(|_| !is_bare),
            name: named.name,
            extension: named.extension,
            name_encoding: named.encoding,
            name_bpm: claims.bpm,
            name_key: claims.key,
            name_bars: claims.bars,
            name_artist: claims.artist,
            name_title: claims.title,
        }
    }

    /// No place at all, for a batch of which only the contents are looked at.
    pub(crate) fn nowhere(file_id: i64) -> Self {
        Self::of(0, 0, file_id, 0, EntryPath::default(), true)
    }
}

row! {
    /// Something that was refused.
    RejectRow in "rejects" {
        /// The source it lies in.
        source_id: int8 = i64,
        /// Position in reading order; -1 for the source as a whole.
        entry_ordinal: int8 = i64,
        /// The run that refused it.
        run_id: int4 = i32,
        /// Where in the source; null for a bare file or the source as a whole.
        entry_path: text or_null = Option<String>,
        /// The name's bytes where `entry_path` was decoded from something else than UTF-8.
        entry_path_raw: bytea or_null = Option<Vec<u8>>,
        /// The stage that refused it.
        stage: text = &'static str,
        /// A stable reason code.
        reason: text = &'static str,
        /// What was expected and what was found.
        detail: text = String,
    }
}
