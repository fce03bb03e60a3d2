//! The artist that a folder is named after.
//!
//! Careful: most folders are not. A wrong artist parts the versions of a song, none at all only groups fewer of them.

use super::fold::{fold, words};

/// One of these, and a folder is a place to keep things.
const KEEPING: &[&str] = &[
    "midi",
    "midis",
    "mid",
    "mids",
    "karaoke",
    "kar",
    "kars",
    "file",
    "files",
    "song",
    "songs",
    "music",
    "musik",
    "collection",
    "collections",
    "archive",
    "archives",
    "pack",
    "packs",
    "set",
    "loop",
    "loops",
    "sample",
    "samples",
    "drum",
    "drums",
    "bass",
    "piano",
    "guitar",
    "melodies",
    "chords",
    "download",
    "downloads",
    "backup",
    "backups",
    "misc",
    "miscellaneous",
    "various",
    "varios",
    "unsorted",
    "sorted",
    "unknown",
    "incoming",
    "soundtrack",
    "soundtracks",
    "ost",
    "vol",
    "volume",
    "cd",
    "disc",
    "disk",
    "disks",
    "part",
    "folder",
    "ordner",
    "desktop",
    "documents",
    "dokumente",
    "volumes",
    "users",
    "data",
    "dataset",
    "test",
    "tests",
    "tmp",
    "temp",
    "new",
    "old",
    "neu",
    "uploads",
    "favorites",
    "favourites",
    "hits",
    "best",
    "greatest",
    "themes",
    "tv",
    "movie",
    "movies",
    "film",
    "films",
    "games",
    "videogames",
    "christmas",
    "xmas",
    "weihnachten",
    "artists",
    "artist",
    "bands",
    "albums",
    "album",
    "genre",
    "genres",
];

/// Nothing but these, and a folder is a genre.
const GENRES: &[&str] = &[
    "rock",
    "pop",
    "jazz",
    "blues",
    "classical",
    "classic",
    "classics",
    "klassik",
    "country",
    "folk",
    "metal",
    "heavy",
    "hard",
    "soft",
    "punk",
    "reggae",
    "ska",
    "soul",
    "funk",
    "disco",
    "dance",
    "techno",
    "house",
    "trance",
    "edm",
    "electronic",
    "electronica",
    "ambient",
    "hip",
    "hop",
    "hiphop",
    "rap",
    "rnb",
    "r",
    "b",
    "rhythm",
    "latin",
    "salsa",
    "samba",
    "tango",
    "bossa",
    "nova",
    "waltz",
    "waltzes",
    "polka",
    "march",
    "marches",
    "hymn",
    "hymns",
    "gospel",
    "carols",
    "game",
    "video",
    "anime",
    "musical",
    "musicals",
    "broadway",
    "opera",
    "operas",
    "ragtime",
    "swing",
    "big",
    "band",
    "world",
    "ethnic",
    "traditional",
    "modern",
    "age",
    "easy",
    "listening",
    "oldies",
    "schlager",
    "evergreens",
    "ballads",
    "love",
    "party",
    "instrumental",
    "vocal",
    "female",
    "male",
    "groups",
    "solo",
    "national",
    "anthems",
    "children",
    "kids",
    "and",
    "the",
    "of",
    "n",
    "und",
    "other",
    "others",
    "my",
    "all",
];

/// Folders whose folders are artists.
const SHELVES: &[&str] = &["artists", "artist", "by artist", "bands", "interpreten"];

/// Folders whose folders are people, but of the machine.
const HOMES: &[&str] = &["home", "users"];

/// Words of an artist's name, at most.
const MOST_WORDS: usize = 6;

/// The artist that the folders above a file name. `path` is a whole one, archives in it spelled `pack.zip!/a.mid`.
pub(super) fn artist(path: &str) -> Option<&str> {
    let mut above = path.rsplit('/').skip(1);
    let folder = above.next()?;
    if let Some(archive) = folder.strip_suffix('!') {
        return before_dash(archive);
    }
    if let Some(artist) = before_dash(folder) {
        return Some(artist);
    }
    let (outer, outermost) = (above.next().unwrap_or_default(), above.next().unwrap_or_default());
    // `A/ABBA/Waterloo.mid`, `A/ABBA/Gold/Waterloo.mid`
    if is_shelf(outer, folder) {
        return Some(folder);
    }
    if is_shelf(outermost, outer) {
        return Some(outer);
    }
    let is_home = HOMES.contains(&fold(outer).as_str());
    // Of two that might be one, one is the album.
    (is_artist(folder) && !is_artist(outer) && !is_home).then_some(folder)
}

/// The artist of `Artist - Album`.
fn before_dash(folder: &str) -> Option<&str> {
    let (artist, _) = folder.split_once(" - ")?;
    let artist = artist.trim();
    let is_name = fold(artist).contains(char::is_alphabetic) && !is_kept_or_genre(artist);
    is_name.then_some(artist)
}

/// Whether artists stand on `shelf` by their names, and `folder` is one of them.
fn is_shelf(shelf: &str, folder: &str) -> bool {
    if is_kept_or_genre(folder) {
        return false;
    }
    let (shelf, folder) = (fold(shelf), fold(folder));
    let mut letters = shelf.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_alphabetic() => {
            let name = folder.strip_prefix("the ").unwrap_or(&folder);
            name.chars().count() > 1 && name.starts_with(letter)
        }
        _ => SHELVES.contains(&shelf.as_str()) && folder.contains(char::is_alphabetic),
    }
}

/// Whether a folder is called as an artist may be, going by nothing else.
fn is_artist(folder: &str) -> bool {
    let begins_as_name =
        folder.chars().next().is_some_and(|first| first.is_alphanumeric() && !first.is_lowercase());
    let has_word = words(folder).any(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1);
    begins_as_name
        && has_word
        && words(folder).count() <= MOST_WORDS
        && !folder.ends_with('!')
        && !is_kept_or_genre(folder)
}

fn is_kept_or_genre(folder: &str) -> bool {
    let folded = fold(folder);
    let bare = |word: &str| word.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
    let mut is_genre = true;
    for word in words(&folded) {
        let word = bare(word);
        if KEEPING.contains(&word.as_str()) {
            return true;
        }
        // Of "80s" the number has gone, and the letter is a plural's.
        is_genre &= word.is_empty()
            || word.ends_with('s')
                && word.len() <= 5
                && word.starts_with(|letter: char| letter.is_ascii_digit())
            || GENRES.contains(&word.as_str());
    }
    is_genre
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_artists() {
        for (path, expected) in [
            ("/data/midi/ABBA/Waterloo.mid", Some("ABBA")),
            ("/data/midi/ABBA - Gold/03 Waterloo.mid", Some("ABBA")),
            ("/data/midi/A/ABBA/Waterloo.mid", Some("ABBA")),
            ("/data/midi/a/abba/waterloo.mid", Some("abba")),
            ("/data/midi/B/The Beatles/Help.mid", Some("The Beatles")),
            ("/data/midi/A/ABBA/Gold/Waterloo.mid", Some("ABBA")),
            ("/data/Artists/abba/waterloo.mid", Some("abba")),
            ("/data/Pop/ABBA/Waterloo.mid", Some("ABBA")),
            ("/data/lakh.zip!/Blink 182/All the Small Things.mid", Some("Blink 182")),
            ("/data/lakh.zip!/Pop/Daft Punk/Around the World.mid", Some("Daft Punk")),
            ("/data/ABBA - Gold.zip!/Waterloo.mid", Some("ABBA")),
            ("/data/ABBA.zip!/Waterloo.mid", None),
            // Artist and album, or shelf and artist: nobody knows.
            ("/data/lakh.zip!/ABBA/Gold/Waterloo.mid", None),
            ("/data/midi/abba/waterloo.mid", None),
            ("/data/midi/Rock/Waterloo.mid", None),
            ("/data/midi/Classic Rock 80s/Waterloo.mid", None),
            ("/data/midi/Rock - Classics/Waterloo.mid", None),
            ("/data/midi/My Midi Files/Waterloo.mid", None),
            ("/data/midi/Pack1/Waterloo.mid", None),
            ("/data/midi/Vol 2/Waterloo.mid", None),
            ("/data/midi/1999 - Hits/Waterloo.mid", None),
            ("/home/Ann/Waterloo.mid", None),
            ("/Users/Ann/Waterloo.mid", None),
            ("/tmp/.tmpAbC/Waterloo.mid", None),
            ("/data/midi/A/Rock/Waterloo.mid", None),
            ("/Waterloo.mid", None),
            ("Waterloo.mid", None),
            ("", None),
        ] {
            assert_eq!(artist(path), expected, "{path}");
        }
    }
}
