//! Songs: which contents are versions of the same piece.
//!
//! ```text
//! names, folders, texts ─▶ Naming ─▶ key ─▶ song_lookup ─▶ song
//! ```
//!
//! What a content is called is made into artist and title ([`Naming`]), these into a [`Key`], and the key leads to a song by
//! way of the table `song_lookup` ([`Resolver`]). A new content goes that way in the transaction that stores it, if it lies in one
//! place only; all else is [sorted](sort) behind the import. `docs/decisions/0013-songs-by-name.md` has the rules. The music is not
//! looked at: that is what [`crate::duplicates`] does.

mod editing;
mod fold;
mod folder;
mod key;
mod listing;
mod nameless;
mod naming;
mod noise;
mod resolver;
mod sorting;

pub use editing::{Merged, Split, merge, rename, split, unname};
pub use key::Key;
pub use listing::{ListSettings, Listed, Song, Title, Version, list};
pub use naming::{Called, Named, Naming};
pub use resolver::{Resolver, SongId};
pub(crate) use sorting::{Affected, keep_from_editing, keep_from_resolving, newest, sort_rest};
pub use sorting::{Sorted, note_all, sort};
