//! The words samples are made of: invented artists, words for titles, syllables to sing. Only tables.

/// Artists with plain names.
pub(super) const ARTISTS: &[&str] = &[
    "The Paper Lanterns",
    "Blue Harbour",
    "Marta Kvist",
    "Ninth Avenue Trio",
    "Orchard Road",
    "Velvet Static",
    "Tom Alder",
    "Sisters of the Mill",
    "Copper Kettle Band",
    "Night Ferry",
    "Juniper & Vale",
    "The Quiet Engines",
    "Halfway Hotel",
    "Ada Finch",
    "Red Clay Revival",
    "Signal Box",
    "The Weather Men",
    "Lowland Choir",
    "Pilot Light",
    "Eastbound Local",
    "Glass Orchestra",
    "Henry Marlowe",
    "The Tin Rooks",
    "Saltwater Taffy",
    "Dr. Pepperoni",
    "Modern Antiques",
    "Lena Brandt Quartet",
    "Ohm Sweet Ohm",
    "The Long Division",
    "Mono Lake",
];
/// Artists of the Latin-1 world.
pub(super) const ACCENTED_ARTISTS: &[&str] = &[
    "Señor Otoño",
    "Café Müller",
    "Les Frères Dubé",
    "Björn Åkesson",
    "Duo Königsblau",
    "João Conceição",
    "Élodie Noël",
];
/// Artists of the Shift-JIS world.
pub(super) const JAPANESE_ARTISTS: &[&str] =
    &["山田花子", "青い鳥楽団", "東京ピアノ倶楽部", "さくら合唱団", "夜行列車", "ミドリカワ"];

/// First words of titles.
pub(super) const ADJECTIVES: &[&str] = &[
    "Silver",
    "Broken",
    "Electric",
    "Quiet",
    "Golden",
    "Midnight",
    "Lonely",
    "Crimson",
    "Distant",
    "Hollow",
    "Restless",
    "Little",
    "Second",
    "Burning",
    "Paper",
    "Winter",
    "Velvet",
    "Endless",
    "Forgotten",
    "Neon",
    "Gentle",
    "Crooked",
    "Summer",
    "Stolen",
    "Blue",
    "Wandering",
    "Sleeping",
    "Sunday",
    "Final",
    "Open",
];
/// Last words of titles.
pub(super) const NOUNS: &[&str] = &[
    "Morning",
    "River",
    "Machine",
    "Garden",
    "Letters",
    "Highway",
    "Shadow",
    "Dancer",
    "Window",
    "Season",
    "Harbor",
    "Mirror",
    "Station",
    "Fever",
    "Ocean",
    "Carousel",
    "Promise",
    "Skyline",
    "Waltz",
    "Rain",
    "Theme",
    "Parade",
    "Lullaby",
    "Horizon",
    "Clockwork",
    "Ballad",
    "Stranger",
    "Memory",
    "Lantern",
    "Boulevard",
];
/// Titles with letters beyond ASCII, all of them in Latin-1.
pub(super) const ACCENTED_TITLES: &[&str] = &[
    "Canción del Mañana",
    "Grüße aus Köln",
    "L'été Indécis",
    "Där Björkarna Susa",
    "Coração Aberto",
    "Schöne Nächte",
    "Déjà Vu à Trois",
    "Niño de la Luna",
    "Über den Flüssen",
    "Rêverie Bleue",
];
/// Titles in Japanese.
pub(super) const JAPANESE_TITLES: &[&str] = &[
    "夏の思い出",
    "雨の歌",
    "桜の道",
    "星空の下で",
    "風とピアノ",
    "ソナタ第一番",
    "青い海",
    "夜明けの町",
    "さよなら列車",
    "表と裏",
];

/// What is sung; a slash begins a line and a backslash a paragraph, as in karaoke files.
pub(super) const SYLLABLES: &[&str] = &[
    "\\When ", "the ", "mor", "ning ", "comes ", "/I ", "will ", "be ", "a", "lone ", "/by ", "the ", "ri",
    "ver ", "\\Wait", "ing ", "for ", "a ", "let", "ter ", "/that ", "was ", "ne", "ver ", "sent ", "/o",
    "ver ", "and ", "o", "ver ", "\\Let ", "it ", "go ", "/down ", "the ", "sil", "ver ", "road ",
];
/// The same in a language that needs more than ASCII.
pub(super) const ACCENTED_SYLLABLES: &[&str] =
    &["\\Ma", "ña", "na ", "se", "rá ", "/o", "tra ", "can", "ción ", "/que ", "vol", "ve", "rá ", "aquí "];
/// The same in Japanese.
pub(super) const JAPANESE_SYLLABLES: &[&str] =
    &["\\な", "つ", "が ", "/く", "れ", "ば ", "/お", "も", "い", "だ", "す "];

/// Names of sections, for markers.
pub(super) const SECTIONS: &[&[u8]] = &[b"Verse", b"Chorus", b"Bridge", b"Intro", b"Solo", b"Outro"];

/// Genres, for folders.
pub(super) const GENRES: &[&str] =
    &["Pop", "Rock", "Classical", "Jazz & Blues", "Games", "Folk", "Christmas", "_unsorted"];
