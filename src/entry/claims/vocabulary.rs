//! Words that tell keys from words, tempos from numbers and titles from descriptions. Only lists, in lower case.

/// Words whose number is no tempo.
pub(super) const NUMBERED: &[&str] = &[
    "op", "opus", "no", "nr", "bwv", "kv", "k", "rv", "hwv", "woo", "hob", "track", "trk", "vol", "pt",
    "part", "take", "bar", "psalm", "hymn", "test", "song", "room", "route", "highway", "area", "studio",
];

/// Words whose letter is no key.
pub(super) const LETTERED: &[&str] = &[
    "part", "verse", "pattern", "take", "loop", "section", "var", "side", "fill", "theme", "intro", "groove",
    "plan", "vitamin", "class", "version", "ver", "type", "option", "mr", "dr",
];

/// Pieces that are called by their key.
pub(super) const PIECES: &[&str] = &[
    "prelude",
    "fugue",
    "sonata",
    "sonatina",
    "symphony",
    "concerto",
    "mass",
    "waltz",
    "minuet",
    "menuet",
    "menuett",
    "etude",
    "study",
    "nocturne",
    "quartet",
    "quintet",
    "trio",
    "toccata",
    "fantasia",
    "fantasy",
    "rondo",
    "canon",
    "suite",
    "partita",
    "polonaise",
    "mazurka",
    "scherzo",
    "ballade",
    "serenade",
    "march",
    "gavotte",
    "bourree",
    "gigue",
    "impromptu",
    "invention",
    "allegro",
    "andante",
    "overture",
    "sinfonia",
    "rhapsody",
    "romance",
    "blues",
    "boogie",
    "jam",
];

/// What the number of a piece begins with, and what else may follow its key.
pub(super) const CATALOGUES: &[&str] =
    &["no", "nr", "op", "opus", "bwv", "k", "kv", "rv", "hwv", "woo", "hob", "d", "for"];

/// Parts of a music, which are no titles.
pub(super) const PARTS: &[&str] = &[
    "bass",
    "bassline",
    "drum",
    "drums",
    "beat",
    "groove",
    "fill",
    "fills",
    "perc",
    "percussion",
    "kick",
    "snare",
    "hat",
    "hats",
    "hihat",
    "lead",
    "pad",
    "arp",
    "synth",
    "pluck",
    "keys",
    "piano",
    "guitar",
    "strings",
    "melody",
    "chord",
    "chords",
    "loop",
    "loops",
];

/// Words that say what a file is, not what it is called.
pub(super) const GENERIC: &[&str] = &[
    "track", "trk", "midi", "mid", "untitled", "unnamed", "unknown", "noname", "song", "file", "new", "test",
    "temp", "copy", "pattern", "seq", "sequence", "clip", "part", "take", "demo", "sample", "export",
    "project", "top", "intro", "verse", "chorus", "outro", "v", "ver", "version", "karaoke", "kar",
];
