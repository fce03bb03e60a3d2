//! Names as they are found, and what a person reads in them.

use proptest::prelude::*;

use super::*;

/// Name, tempo (0: none), key (empty: none, as what follows), bars (0: none), artist, title.
type Row = (&'static str, f32, &'static str, i16, &'static str, &'static str);

/// Names of loop packs and generators.
const LOOPS: &[Row] = &[
    ("Am_120bpm_Artist - Title (v2).mid", 120.0, "Am", 0, "Artist", "Title"),
    ("Am_120_Deep House.mid", 120.0, "Am", 0, "", "Deep House"),
    ("Pluck Line_128_Fmin.mid", 128.0, "Fm", 0, "", "Pluck Line"),
    ("DnB_Roller_174_Gmin_01.mid", 174.0, "Gm", 0, "", "DnB Roller 01"),
    ("Am120.mid", 120.0, "Am", 0, "", ""),
    ("Am120bpm Chords.mid", 120.0, "Am", 0, "", ""),
    ("128Fmin_Lead Me.mid", 128.0, "Fm", 0, "", "Lead Me"),
    ("Odyssey - Melody Loop 1 - 140 BPM A Min.mid", 140.0, "Am", 0, "Odyssey", ""),
    ("Packmaker - Odyssey MIDI 12 - C Min.mid", 0.0, "Cm", 0, "Packmaker", "Odyssey MIDI 12"),
    ("Midnight - 128 - A#m - Deep.mid", 128.0, "A#m", 0, "Midnight", "Deep"),
    ("Bass_A_120bpm.mid", 120.0, "A", 0, "", ""),
    ("C_Sunrise_120bpm.mid", 120.0, "", 0, "", "C Sunrise"),
    ("120bpm_C_Sunrise.mid", 120.0, "C", 0, "", "Sunrise"),
    ("Sunrise (F# 95 BPM).mid", 95.0, "F#", 0, "", "Sunrise"),
    ("Funk Groove (4 Bars).mid", 0.0, "", 4, "", "Funk Groove"),
    ("drums_8bar_90bpm.mid", 90.0, "", 8, "", ""),
    ("Sunset 16-bar intro 127.5bpm.mid", 127.5, "", 16, "", "Sunset intro"),
    ("Marsch 2 Takte 127,5 BPM.mid", 127.5, "", 2, "", "Marsch"),
    ("tempo_96_Slow Burn.mid", 96.0, "", 0, "", "Slow Burn"),
    ("bpm120-Ebm-Nebula.mid", 120.0, "Ebm", 0, "", "Nebula"),
    ("Nebula_Bbmaj_100bpm.mid", 100.0, "Bb", 0, "", "Nebula"),
    ("Nebula Bflat 100bpm.mid", 100.0, "Bb", 0, "", "Nebula"),
    ("Nebula_G#maj_100bpm.mid", 100.0, "Ab", 0, "", "Nebula"),
    ("Nebula_D#_100bpm.mid", 100.0, "Eb", 0, "", "Nebula"),
    ("Nebula_Dbmin_100bpm.mid", 100.0, "C#m", 0, "", "Nebula"),
    ("Nebula_Fsharp minor_100bpm.mid", 100.0, "F#m", 0, "", "Nebula"),
    ("Nebula_8A_128bpm.mid", 128.0, "Am", 0, "", "Nebula"),
    ("Nebula Camelot 5B.mid", 0.0, "Eb", 0, "", "Nebula"),
    ("Nebula key Bm 92 bpm.mid", 92.0, "Bm", 0, "", "Nebula"),
    ("[120bpm] [Dm] Nebula.mid", 120.0, "Dm", 0, "", "Nebula"),
    ("Nebula @ 120 BPM in F#m.mid", 120.0, "F#m", 0, "", "Nebula in F#m"),
    ("Nebula+120bpm+C♯m.mid", 120.0, "C#m", 0, "", "Nebula"),
    ("Nebula.120bpm.B♭.mid", 120.0, "Bb", 0, "", "Nebula"),
    ("120bpm.mid", 120.0, "", 0, "", ""),
    ("Am.mid", 0.0, "Am", 0, "", ""),
    ("Melody_Am.mid", 0.0, "Am", 0, "", ""),
    ("Nebula A Natural Minor 90 BPM.mid", 90.0, "Am", 0, "", "Nebula"),
    ("52, 188 BPM.mid", 188.0, "", 0, "", ""),
    ("techno - Snare - 130 BPM - G# Minor.mid", 130.0, "G#m", 0, "techno", ""),
    ("28 - beat of a day (90 bpm C min).mid", 90.0, "Cm", 0, "", "beat of a day"),
    ("0123456789abcdef0123456789abcdef.mid", 0.0, "", 0, "", ""),
    // Chords and progressions are no keys.
    ("C-G-Am-F_120bpm.mid", 120.0, "", 0, "", "C-G-Am-F"),
    ("Am7_120bpm.mid", 120.0, "", 0, "", "Am7"),
    ("Cmaj7 Nebula 120bpm.mid", 120.0, "", 0, "", "Cmaj7 Nebula"),
    ("Verse_B_120bpm.mid", 120.0, "", 0, "", "Verse B"),
    ("Nebula_Am_Cm_120bpm.mid", 120.0, "", 0, "", "Nebula Am Cm"),
    ("120bpm 140bpm Nebula.mid", 0.0, "", 0, "", "120bpm 140bpm Nebula"),
];

/// Names of songs.
const SONGS: &[Row] = &[
    ("Artist - Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("Artist_-_Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("Some_Artist - Some_Title.kar", 0.0, "", 0, "Some Artist", "Some Title"),
    ("Artist – Title.midi", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title - Live.mid", 0.0, "", 0, "Artist", "Title - Live"),
    ("01 - Artist - Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("Artist - 03 - Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("A1. Artist - Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("03_the_title.mid", 0.0, "", 0, "", "the title"),
    ("03 Title.mid", 0.0, "", 0, "", "Title"),
    ("12. Title.mid", 0.0, "", 0, "", "Title"),
    ("(04) Title.mid", 0.0, "", 0, "", "Title"),
    ("34-sailingaway.mid", 0.0, "", 0, "", "sailingaway"),
    ("Track 07 - Title.mid", 0.0, "", 0, "", "Title"),
    ("Artist - Title (2).mid.gz", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title [1].MID", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title ver.3.mid", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title_k.mid", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title (Karaoke).kar.mid", 0.0, "", 0, "Artist", "Title"),
    ("Artist - Title (Karaoke Version) GM.mid", 0.0, "", 0, "Artist", "Title"),
    ("Title XG.mid", 0.0, "", 0, "", "Title"),
    ("Title (c) 1997.mid", 0.0, "", 0, "", "Title"),
    ("Title (c) 1998 J. Doe.mid", 0.0, "", 0, "", "Title"),
    ("41-Long-Way-Home.mid", 0.0, "", 0, "", "Long Way Home"),
    ("The-Long-Way-(Home).mid", 0.0, "", 0, "", "The Long Way (Home)"),
    ("The Copy.mid", 0.0, "", 0, "", "The Copy"),
    ("Title copy.mid", 0.0, "", 0, "", "Title"),
    ("\"The Ace\" Adams - Title.mid", 0.0, "", 0, "\"The Ace\" Adams", "Title"),
    ("Artist --- Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("Title - Copy (2).mid", 0.0, "", 0, "", "Title"),
    ("Copy of Title.mid", 0.0, "", 0, "", "Title"),
    ("Title (by The Band).mid", 0.0, "", 0, "The Band", "Title"),
    ("Artist%20-%20Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("The-Long-Way-Home-2.mid", 0.0, "", 0, "", "The Long Way Home 2"),
    ("The.Long.Way.Home.mid", 0.0, "", 0, "", "The Long Way Home"),
    ("R.E.M. - The Title.mid", 0.0, "", 0, "R.E.M.", "The Title"),
    ("(I Can't Wait) Tonight.mid", 0.0, "", 0, "", "(I Can't Wait) Tonight"),
    ("Title (Artist - Live).mid", 0.0, "", 0, "", "Title (Artist - Live)"),
    ("Élodie Noël - Été (größer).mid", 0.0, "", 0, "Élodie Noël", "Été (größer)"),
    ("山田花子 - さくら.mid", 0.0, "", 0, "山田花子", "さくら"),
    ("Катюша.mid", 0.0, "", 0, "", "Катюша"),
    ("Prince - 1999.mid", 0.0, "", 0, "Prince", "1999"),
    ("Artist - Track 01.mid", 0.0, "", 0, "Artist", ""),
    ("folder - a/Artist - Title.mid", 0.0, "", 0, "Artist", "Title"),
    ("a.zip!/b.mid", 0.0, "", 0, "", "b"),
    // Nothing to call a title.
    ("track01.mid", 0.0, "", 0, "", ""),
    ("Untitled.mid", 0.0, "", 0, "", ""),
    ("New Song 3.mid", 0.0, "", 0, "", ""),
    ("Drum Loop.mid", 0.0, "", 0, "", ""),
    ("bass.mid", 0.0, "", 0, "", ""),
    ("487.mid", 0.0, "", 0, "", ""),
    ("512-v3.mid", 0.0, "", 0, "", ""),
    ("!!!.mid", 0.0, "", 0, "", ""),
    (".mid", 0.0, "", 0, "", ""),
    ("", 0.0, "", 0, "", ""),
    ("Drums - Funky.mid", 0.0, "", 0, "", "Drums - Funky"),
    ("Piano Man.mid", 0.0, "", 0, "", "Piano Man"),
];

/// Names of pieces that have their key in the title, where it stays.
const PIECES: &[Row] = &[
    ("Bach - Mass in B minor.mid", 0.0, "Bm", 0, "Bach", "Mass in B minor"),
    ("Prelude in C.mid", 0.0, "C", 0, "", "Prelude in C"),
    ("Minuet in G (easy).mid", 0.0, "G", 0, "", "Minuet in G (easy)"),
    ("Prelude and Fugue No. 1 in C, BWV 846.mid", 0.0, "C", 0, "", "Prelude and Fugue No. 1 in C, BWV 846"),
    ("Symphony No 40 G minor K550.mid", 0.0, "Gm", 0, "", "Symphony No 40 G minor K550"),
    ("Nocturne Op. 9 No. 2 E-flat major.mid", 0.0, "Eb", 0, "", "Nocturne Op. 9 No. 2 E-flat major"),
    ("Etude in A minor.mid", 0.0, "Am", 0, "", "Etude in A minor"),
    ("Etude A-minor.mid", 0.0, "Am", 0, "", "Etude A-minor"),
    ("prelude_in_c_minor.mid", 0.0, "Cm", 0, "", "prelude in c minor"),
    ("Messe h-Moll.mid", 0.0, "Bm", 0, "", "Messe h-Moll"),
    ("Konzert B-Dur.mid", 0.0, "Bb", 0, "", "Konzert B-Dur"),
    ("Sonate fis-moll.mid", 0.0, "F#m", 0, "", "Sonate fis-moll"),
    ("Suite H minor.mid", 0.0, "Bm", 0, "", "Suite H minor"),
    ("Nocturne C#m.mid", 0.0, "C#m", 0, "", "Nocturne C#m"),
    ("Waltz Cmaj.mid", 0.0, "C", 0, "", "Waltz Cmaj"),
    ("Mass in B minor - Kyrie.mid", 0.0, "Bm", 0, "", "Mass in B minor - Kyrie"),
    ("sonata_k331_a_major.mid", 0.0, "A", 0, "", "sonata k331 a major"),
    ("Blues in F.mid", 0.0, "F", 0, "", "Blues in F"),
    ("toccata-and-fugue-in-d-minor.mid", 0.0, "Dm", 0, "", "toccata and fugue in d minor"),
    ("Waltz (C major).mid", 0.0, "C", 0, "", "Waltz"),
    ("Waltz (Am).mid", 0.0, "Am", 0, "", "Waltz"),
    ("Ballad_Cm.mid", 0.0, "Cm", 0, "", "Ballad"),
];

/// Words that are letters, and numbers that are words.
const TRAPS: &[Row] = &[
    ("I Am The Walrus.mid", 0.0, "", 0, "", "I Am The Walrus"),
    ("I_Am_The_Walrus.mid", 0.0, "", 0, "", "I Am The Walrus"),
    ("I-Am-The-Walrus.mid", 0.0, "", 0, "", "I Am The Walrus"),
    ("Am I Wrong.mid", 0.0, "", 0, "", "Am I Wrong"),
    ("Am_I_Wrong_120bpm.mid", 120.0, "", 0, "", "Am I Wrong"),
    ("Who I Am 120bpm.mid", 120.0, "", 0, "", "Who I Am"),
    ("C Jam Blues.mid", 0.0, "", 0, "", "C Jam Blues"),
    ("A Day In The Life.mid", 0.0, "", 0, "", "A Day In The Life"),
    ("A_Whole_New_World_100bpm.mid", 100.0, "", 0, "", "A Whole New World"),
    ("100bpm_A_Whole_New_World.mid", 100.0, "", 0, "", "A Whole New World"),
    ("A Minor Incident.mid", 0.0, "", 0, "", "A Minor Incident"),
    ("a major problem.mid", 0.0, "", 0, "", "a major problem"),
    ("Plan_B_120bpm.mid", 120.0, "", 0, "", "Plan B"),
    ("Let It Be.mid", 0.0, "", 0, "", "Let It Be"),
    ("Do Re Mi.mid", 0.0, "", 0, "", "Do Re Mi"),
    ("E Penso A Te.mid", 0.0, "", 0, "", "E Penso A Te"),
    ("Hold_Em_Tight.mid", 0.0, "", 0, "", "Hold Em Tight"),
    ("Hm.mid", 0.0, "", 0, "", "Hm"),
    ("BB King - Blues.mid", 0.0, "", 0, "BB King", "Blues"),
    ("Radio_Fm_Hits.mid", 0.0, "", 0, "", "Radio Fm Hits"),
    ("A Flat Tyre.mid", 0.0, "", 0, "", "A Flat Tyre"),
    ("be_sharp_my_dear.mid", 0.0, "", 0, "", "be sharp my dear"),
    ("Ab_und_zu.mid", 0.0, "", 0, "", "Ab und zu"),
    ("Amin Song.mid", 0.0, "", 0, "", "Amin Song"),
    ("EBM Classics.mid", 0.0, "", 0, "", "EBM Classics"),
    ("99 Luftballons.mid", 0.0, "", 0, "", "99 Luftballons"),
    ("50_Ways_Home.mid", 0.0, "", 0, "", "50 Ways Home"),
    ("007_theme.mid", 0.0, "", 0, "", "007 theme"),
    ("12 Bar Blues.mid", 0.0, "", 0, "", "12 Bar Blues"),
    ("The Snow Bar 4.mid", 0.0, "", 0, "", "The Snow Bar 4"),
    ("Up Tempo 80s.mid", 0.0, "", 0, "", "Up Tempo 80s"),
    ("Symphony_40_Gmin.mid", 0.0, "Gm", 0, "", "Symphony 40"),
    ("BWV_147_Cm.mid", 0.0, "Cm", 0, "", "BWV 147"),
    ("Stand By Me.mid", 0.0, "", 0, "", "Stand By Me"),
    ("Step by Step.mid", 0.0, "", 0, "", "Step by Step"),
    ("Nights (By Request).mid", 0.0, "", 0, "", "Nights (By Request)"),
    ("Symphony 9.mid", 0.0, "", 0, "", "Symphony 9"),
    ("Chapter V 2.mid", 0.0, "", 0, "", "Chapter V 2"),
    ("8A Nebula.mid", 0.0, "", 0, "", "8A Nebula"),
    ("Ob-La-Di.mid", 0.0, "", 0, "", "Ob La Di"),
    ("Kick_C#3.mid", 0.0, "", 0, "", "Kick C#3"),
];

#[test]
fn a_name_claims_what_a_person_reads_in_it() {
    let text = |text: &'static str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let rows = [LOOPS, SONGS, PIECES, TRAPS].concat();
    assert!(rows.len() >= 80);
    let mut wrong = Vec::new();
    for (name, bpm, key, bars, artist, title) in rows {
        let expected = Claims {
            bpm: Some(bpm).filter(|bpm| *bpm != 0.0),
            key: Some(key).filter(|key| !key.is_empty()),
            bars: Some(bars).filter(|bars| *bars != 0),
            artist: text(artist),
            title: text(title),
        };
        let claims = Claims::of(name);
        if claims != expected {
            wrong.push(format!("{name}:\n  expected {expected:?}\n  read     {claims:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn long_and_hostile_names_take_no_longer_and_stay_bounded() {
    let patterns = [
        "a", "a ", "(", "((a) ", " - ", "a - ", "1.", "1 bar ", "120bpm ", "Am_", "v1.", "%20", ".mid", "ア",
        "in C ", "-_", ".", "\"", "a)",
    ];
    for pattern in patterns {
        for length in [4 << 10, 1 << 20] {
            let name = pattern.repeat(length / pattern.len());
            let begin = std::time::Instant::now();
            let claims = Claims::of(&name);
            assert!(begin.elapsed().as_millis() < 500, "{pattern:?} {length}");
            check(&claims);
        }
    }
}

/// What holds for every name.
fn check(claims: &Claims) {
    assert!(claims.bpm.is_none_or(|bpm| (20.0..=400.0).contains(&bpm)));
    assert!(claims.bars.is_none_or(|bars| (1..=999).contains(&bars)));
    assert!(claims.key.is_none_or(|key| (1..=3).contains(&key.len())));
    for text in [&claims.artist, &claims.title].into_iter().flatten() {
        assert!(!text.trim().is_empty() && text.chars().count() <= 200, "{text:?}");
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(!text.starts_with(' ') && !text.ends_with(' '), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_name_is_read(name in ".{0,80}") {
        let claims = Claims::of(&name);
        check(&claims);
        assert_eq!(claims, Claims::of(&name));
    }

    #[test]
    fn any_name_of_familiar_pieces_is_read(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "Am", "A", "F#", "minor", "moll", "120", "03", "8", "bpm", "bars", "tempo", "in", "key", "v", "(", ")",
                "[", " - ", "_", " ", "-", ".", "+", "c", "1997", "by", "Title", "track", "k", "GM", "\0", "é", "\t",
            ]),
            0..24,
        )
    ) {
        let name = pieces.concat();
        let claims = Claims::of(&name);
        check(&claims);
        assert_eq!(claims, Claims::of(&name));
    }

    #[test]
    fn a_title_alone_is_kept_as_it_is_written(title in "[A-Z][a-zäéа-я]{5,9}( [A-Z][a-zäéа-я]{5,9}){1,4}") {
        let claims = Claims::of(&format!("{title}.mid"));
        assert_eq!(claims, Claims { title: Some(title), ..Claims::default() });
    }
}
