//! `file_songs`: which song a content is a version of.

use super::row;

row! {
    /// A version of a song.
    VersionRow in "file_songs" {
        /// The content.
        file_id: int8 = i64,
        /// The song.
        song_id: int8 = i64,
        /// Artist as this content spells it.
        artist: text or_null = Option<String>,
        /// Title, the same way.
        title: text = String,
    }
}
