//! Texts that stand where a name is looked for and are none: what programs write by default, tracks and instruments, lost letters.
//!
//! Careful as well: a text is only left out where nobody would take it for a name, for what is left out has no song.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::{fold, is_of_word, words};
use super::noise;

/// Words, with spaces between them.
struct Words(LazyLock<HashSet<&'static str>>);

impl Words {
    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

/// Nothing but these, and nobody has named it.
static UNNAMED: Words = Words(LazyLock::new(|| {
    "untitled unnamed unknown noname nameless notitle title name newsong track tracks trk midi midis mid midifile song songs \
     file files sequence sequences seq sequencer project default blank dummy example multitrack document score arrangement \
     email mail homepage website webpage url \
     unbenannt unbekannt namenlos titel spur lied datei projekt titre piste chanson fichier titulo pista cancion archivo \
     titolo traccia brano faixa musica nome nombre nom naamloos namnlos spar raita utwor sciezka \
     названия имени название дорожка трек песня 無題 无题 无标题 無標題 未命名 曲 新規 トラック ソング 音轨 音軌 무제 트랙"
        .split_whitespace()
        .collect()
}));

/// These may stand beside them.
static BESIDE: Words = Words(LazyLock::new(|| {
    "no without sans ohne sin sem senza bez без e i ii iii iv l r a b the of and und new neu nuevo nouveau nuova novo main \
     first second third"
        .split_whitespace()
        .collect()
}));

/// Nothing but these, and it is one part of a music, or the patch that plays it.
static INSTRUMENTS: Words = Words(LazyLock::new(|| {
    "piano pianos epiano rhodes harpsichord clavinet clavichord celesta glockenspiel vibraphone vibes marimba xylophone \
     dulcimer organ hammond accordion harmonica guitar guitars gtr bass basses contrabass violin violins violine viola violas \
     cello cellos violoncello strings timpani choir aahs oohs trumpet trumpets trombone trombones tuba horn horns brass sax \
     saxophone oboe oboes bassoon clarinet clarinets piccolo flute flutes recorder shakuhachi ocarina synth sitar banjo \
     shamisen koto kalimba bagpipe shanai agogo taiko drum drums drumset drumkit drumtrack percussion perc cymbal cymbals \
     hihat snare klavier gitarre geige flote schlagzeug trompete posaune orgel bassi guitarra bateria flauta violon guitare \
     batterie fortepiano flugelhorn mandolin ukulele harp lute"
        .split_whitespace()
        .collect()
}));

/// These may stand beside an instrument.
static PLAYED: Words = Words(LazyLock::new(|| {
    "acoustic electric grand bright upright honky tonk nylon steel clean muted overdriven distortion distorted jazz rock church \
     pipe reed drawbar percussive slap fretless fingered picked pizzicato tremolo string ensemble section orchestral tubular \
     slow fast solo lead left right hand rh lh upper lower treble alto tenor soprano baritone french english pan standard kit \
     set pop finger time key"
        .split_whitespace()
        .collect()
}));

/// Nothing but these, and a text in a file names a track of it; on the file itself they may be a name.
static TRACKS: Words = Words(LazyLock::new(|| {
    "conductor tempo master control controller controllers global meta setup init header sysex marker markers inst instr \
     instrument instruments staff staves system voice voices vocal vocals vox lyric lyrics words melody melodie harmony chord \
     chords channel chan chn ch part parts port hand hands accompaniment accomp backing rhythm click metronome clef signature"
        .split_whitespace()
        .collect()
}));

/// Nothing but these, and it is nobody's name.
static NOBODY: Words = Words(LazyLock::new(|| {
    "unknown unbekannt inconnu desconocido various artist artists interpret va untitled unnamed noname track midi midis mid kar \
     karaoke tv movie movies film films theme themes soundtrack soundtracks ost song songs file files misc miscellaneous \
     collection"
        .split_whitespace()
        .collect()
}));

/// Whether a text may be a title. `has_artist` where an artist stands beside it: then it may be called like an instrument.
pub(super) fn is_title(text: &str, has_artist: bool) -> bool {
    let Some(name) = named(text) else { return false };
    has_artist || !(is_nothing_but(&name, &[&UNNAMED], &BESIDE) || is_instrument(&name))
}

/// Whether a text in a file may be the title of the whole: the first track is called something as well.
pub(super) fn is_title_in_file(text: &str) -> bool {
    let Some(name) = named(text) else { return false };
    let is_track = words(&name).all(|word| {
        let word = bare(word);
        word.is_empty()
            || [&UNNAMED, &BESIDE, &INSTRUMENTS, &PLAYED, &TRACKS].iter().any(|list| list.has(word))
    });
    // "All of the Rock" has no word of them that says so by itself.
    let says_so = |word: &str| [&UNNAMED, &INSTRUMENTS, &TRACKS].iter().any(|list| list.has(bare(word)));
    !(is_track && words(&name).any(says_so))
}

/// Whether a text may be an artist.
pub(super) fn is_artist(text: &str) -> bool {
    named(text).is_some_and(|name| !is_nothing_but(&name, &[&NOBODY], &BESIDE))
}

/// What is left of a text without noise, where that has a letter or digit, and has not lost more letters than it has.
fn named(text: &str) -> Option<String> {
    let name = noise::without(&fold(text).replace('_', " "));
    (name.contains(is_of_word) && !is_lost(text)).then_some(name)
}

fn is_nothing_but(name: &str, telling: &[&Words], beside: &Words) -> bool {
    let tells = |word: &str| telling.iter().any(|list| list.has(bare(word)));
    let is_beside = |word: &str| bare(word).is_empty() || beside.has(bare(word));
    words(name).any(tells) && words(name).all(|word| tells(word) || is_beside(word))
}

/// `Grand Piano`, `Violin II`; but not "Banjo Boogie".
fn is_instrument(name: &str) -> bool {
    let is_beside = |word: &str| is_nothing_but(word, &[&PLAYED], &BESIDE) || BESIDE.has(word);
    words(name).any(|word| INSTRUMENTS.has(bare(word)))
        && words(name).all(|word| {
            let bare = bare(word);
            bare.is_empty() || INSTRUMENTS.has(bare) || is_beside(word)
        })
}

/// `track01` without its number.
fn bare(word: &str) -> &str {
    word.trim_end_matches(|letter: char| letter.is_numeric())
}

/// Whether a part of a text has as many letters that were lost, where somebody wrote it in an encoding that has them not, as it
/// has others.
fn is_lost(text: &str) -> bool {
    // Hardly any text has one of them.
    text.contains(|letter| letter == '?' || stands_for_another(letter)) && {
        let text = text.replace("_-_", " - ");
        text.split(" - ").any(|part| {
            let lost = lost(part);
            lost > 0 && lost >= kept(part)
        })
    }
}

/// Letters that were lost: question marks, two or more together where no word ends with them, and what no name has.
fn lost(text: &str) -> usize {
    let mut lost = text.chars().filter(|letter| stands_for_another(*letter)).count();
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find('?') {
        let (passed, marks) = rest.split_at(at);
        before = passed.chars().next_back().or(before);
        let after = marks.trim_start_matches('?');
        let count = marks.len() - after.len();
        let follows = before.is_some_and(is_of_word);
        let goes_on = after.chars().next().is_some_and(is_of_word);
        if count > 1 && (goes_on || !follows) {
            lost += count;
        }
        (rest, before) = (after, Some('?'));
    }
    lost
}

/// What a decoder writes for a letter that it does not know, or for half of one: U+FFFD, control characters, signs of Latin-1
/// and lines of code page 437.
const fn stands_for_another(letter: char) -> bool {
    matches!(letter,
        '\u{fffd}' | '\u{80}'..='\u{9f}' | '\u{2500}'..='\u{259f}'
        | '¤' | '¦' | '¨' | '¬' | '\u{ad}' | '¯' | '±' | '¶' | '¸')
}

/// Letters of words that are no noise.
fn kept(text: &str) -> usize {
    let folded = fold(text);
    let names = words(&folded).filter(|word| !noise::is_of_version(bare(word)));
    names.flat_map(str::chars).filter(|letter| letter.is_alphabetic()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nothing_is_no_title() {
        for text in [
            "untitled",
            "Untitled 2",
            "<Untitled>",
            "Track 01",
            "TRACK1",
            "New Song",
            "midi file",
            "Song 3",
            "no name",
            "Sans titre",
            "Ohne Titel",
            "Без названия",
            "無題",
            "トラック 1",
            "Grand Piano",
            "Violin II",
            "Electric Bass (finger)",
            "Drums",
            "???? - ??? fix",
            "301 ????? - ??? FIX",
            "??? - Somebody",
            "?? ??",
            "\u{fffd}\u{fffd}\u{fffd}a",
            "¬¦«©",
            "╛╤╛╤",
            "(remix)",
            "[Karaoke]",
            "!!!",
            "www.midis.example.com",
            "http://example.org/midi",
            "someone@example.com",
            "E-mail: someone@example.com",
            "Copyright 1997 Somebody",
            "(C) 1997 by Somebody",
            "© Somebody",
            "Sequenced by Somebody",
            "arr. by Somebody",
            "Made with Some Program 2.0",
            "Song (www.example.com)",
        ] {
            assert!(!is_title(text, false), "{text}");
        }
    }

    #[test]
    fn names_are_titles() {
        for text in [
            "Waterloo",
            "What???",
            "Who Are You??",
            "Piano Man",
            "Song for Guy",
            "Track of My Tears",
            "Violin Concerto",
            "Master",
            "Tempo",
            "Control",
            "Voices",
            "1999",
            "Für Elise",
            "F??r Elise",
            "ガ",
            "Live",
            "By the Way",
            "Written in Stone",
            "Song of Songs 2 U",
            "Waterloo (www.example.com)",
            "Waterloo © 1974",
            "Title Fight",
            "The Name Game",
            "Rock Me",
        ] {
            assert!(is_title(text, false), "{text}");
        }
        assert!(is_title("Violin", true) && is_title("Song 2", true));
    }

    #[test]
    fn texts_may_name_a_track() {
        for text in [
            "Master Track",
            "Inst 1",
            "Staff-1",
            "Tempo",
            "Conductor Track",
            "Piano RH",
            "Left Hand",
            "Voice 3",
            "Ch. 10",
            "Lead Vocal",
            "MIDI 01",
            "Time Signature",
            "Untitled",
        ] {
            assert!(!is_title_in_file(text), "{text}");
        }
        for text in [
            "Waterloo",
            "All of the Rock",
            "Tempo of Love",
            "The Left Bank",
            "Rhythm Is a Dancer",
            "99",
            "Main Theme",
        ] {
            assert!(is_title_in_file(text), "{text}");
        }
    }

    #[test]
    fn nobody_is_no_artist() {
        for text in [
            "Unknown",
            "Unknown Artist",
            "Various Artists",
            "TV Themes",
            "Karaoke",
            "MIDI",
            "????",
            "www.example.com",
        ] {
            assert!(!is_artist(text), "{text}");
        }
        for text in [
            "ABBA",
            "Live",
            "Bj??rk",
            "The Themes of Love",
            "New Order",
            "Piano Guys",
            "The Band",
            "Film School",
        ] {
            assert!(is_artist(text), "{text}");
        }
    }
}
