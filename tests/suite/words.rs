//! The words that are made here against those that the server makes of the same texts.

use std::collections::BTreeSet;

use loader::sink::{Made, Words};
use sqlx::postgres::PgConnection;

use crate::dice::Dice;
use crate::harness::{TestDatabase, connect_to};
use crate::program::Program;
use crate::rows::{collection, number};

/// Texts that are compared in each round.
const TEXTS: usize = 6_000;

/// What texts are put together from: words, everything that the server's parser takes for more than words, and spaces.
const PIECES: &[&str] = &[
    "Piano", "drum", "I", "re", "T", "x", "http", "www", "com", "e", "E", "A", "don't", "v1", "1st", "5",
    "07", "1998", "120", "1e5", "4x4", "a1b", " ", " ", " ", " ", "  ", "\n", "\t", "-", "-", "--", ".", ".",
    "...", ",", ";", ":", "/", "\\", "&", "&amp;", "+", "@", "_", "_", "'", "\"", "(", ")", "[", "]", "<",
    ">", "</b>", "#", "$", "%", "^", "*", "=", "~", "`", "{", "|", "}", "!", "?", "\u{1}", "\u{7f}", "é",
    "İ", "ß", "日本", "\u{a0}", "\u{2013}",
];

/// Beyond ASCII: letters with and without a small form, accents of their own, numbers, spaces, signs, what is no character.
const BEYOND: &[&str] = &[
    "É",
    "é",
    "Straße",
    "ẞ",
    "Ÿ",
    "Ж",
    "ночь",
    "Σ",
    "ΟΔΟΣ",
    "ς",
    "夜",
    "カ",
    "ー",
    "한",
    "ไทย",
    "ा",
    "न",
    "ع",
    "ﬁ",
    "Ⅷ",
    "½",
    "²",
    "ª",
    "٣",
    "\u{301}",
    "\u{200d}",
    "\u{ad}",
    "\u{a0}",
    "\u{3000}",
    "\u{2028}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{fffd}",
    "\u{e000}",
    "\u{10ffff}",
    "♪",
    "☺",
    "🎵",
    "…",
    "’",
    "«",
    "»",
    "–",
    "、",
    "。",
    "K",
    "Å",
    "Ⱥ",
    "ǅ",
    "a",
    "B",
    "e",
    "1",
    "23",
    "the",
    " ",
    " ",
    " ",
    " ",
    "-",
    ".",
    "_",
    "&",
    ":",
    ",",
    "!",
    "'",
    "/",
    "@",
];

/// Those of them that usual texts are made of.
const USUAL: &[&str] = &[
    "Piano", "drum", "I", "re", "T", "5", "1998", "1st", "don't", " ", " ", " ", " ", "-", ".", ",", ":",
    "(", ")", "_", "#", "&",
];

/// Lets `words` know what the database takes the characters of texts for.
async fn learn(words: &mut Words, pieces: &[&str], connection: &mut PgConnection) {
    let mut unknown = BTreeSet::new();
    for piece in pieces {
        words.find_unknown(Some(piece), None, None, &mut unknown);
    }
    let letters: Vec<_> = unknown.iter().map(char::to_string).collect();
    let learnt: Vec<Vec<String>> = sqlx::query_scalar(include_str!("../../database/words/letters.sql"))
        .bind(&letters)
        .fetch_all(connection)
        .await
        .unwrap();
    for (letter, learnt) in unknown.into_iter().zip(&learnt) {
        words.letters().learn(letter, learnt);
    }
}

/// Lets `words` know what the database makes of the stretches that it has met.
async fn learn_chunks(words: &mut Words, connection: &mut PgConnection) {
    let missing: Vec<String> = words.missing().into_iter().collect();
    let made: Vec<Vec<u8>> = sqlx::query_scalar(include_str!("../../database/words/chunks.sql"))
        .bind(&missing)
        .fetch_all(connection)
        .await
        .unwrap();
    for (chunk, made) in missing.iter().zip(&made) {
        words.chunks().learn(chunk, made);
    }
}

fn text(dice: &mut Dice, pieces: &[&'static str]) -> String {
    (0..dice.below(12)).map(|_| dice.pick(pieces)).collect()
}

#[tokio::test]
async fn the_same_words_as_the_server_makes() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    let mut dice = Dice::seeded();
    let mut words = Words::default();
    for (pieces, least) in
        [(PIECES, TEXTS / 60), (USUAL, TEXTS / 5), (BEYOND, TEXTS / 40), (USUAL, TEXTS / 5)]
    {
        if pieces == BEYOND {
            learn(&mut words, BEYOND, &mut connection).await;
        }
        let (mut titles, mut lyrics, mut texts, mut ours) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut at_once = 0;
        for _ in 0..TEXTS {
            let [title, lyric, text] = [(); 3].map(|()| text(&mut dice, pieces));
            let mut bytes = Vec::new();
            let mut made = words.write(Some(&title), Some(&lyric), Some(&text), &mut bytes);
            at_once += usize::from(made == Made::Written);
            if made == Made::Wanting {
                learn_chunks(&mut words, &mut connection).await;
                made = words.write(Some(&title), Some(&lyric), Some(&text), &mut bytes);
                assert_ne!(made, Made::Wanting, "{title:?} {lyric:?} {text:?}");
            }
            words.missing();
            if made == Made::Written {
                titles.push(title);
                lyrics.push(lyric);
                texts.push(text);
                ours.push(bytes);
            }
        }
        assert!(at_once >= least, "{at_once} of {TEXTS} are certain");
        assert!(ours.len() >= TEXTS / 10, "{} of {TEXTS} are made here", ours.len());
        let theirs: Vec<Vec<u8>> = sqlx::query_scalar(include_str!("../../database/words/made.sql"))
            .bind(&titles)
            .bind(&lyrics)
            .bind(&texts)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for (row, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let texts = [&titles[row], &lyrics[row], &texts[row]];
            assert_eq!(String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs), "{texts:?}");
        }
    }
}

#[tokio::test]
async fn words_that_come_often_as_the_server_counts_them() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    let mut words = Words::default();
    let repeated = |word: &str, times: usize| word.repeat(times);
    let mixed = "the river the b-side the 1.5 ".repeat(300);
    for (title, lyrics, text) in [
        ("", repeated("x ", 255), repeated("x ", 3)),
        ("x", repeated("x ", 254), repeated("y x ", 3)),
        ("x", repeated("x ", 255), repeated("y x ", 3)),
        ("x", repeated("x ", 256), repeated("y x ", 3)),
        ("x x", repeated("x ", 255), "y".to_owned()),
        ("x x", repeated("x ", 300), "y x".to_owned()),
        ("x y x y", repeated("y x ", 255), "z y x".to_owned()),
        ("", repeated("x ", 300), repeated("x y ", 300)),
        ("x x", repeated("x ", 300) + "end", repeated("y x ", 300) + "end"),
        ("a", repeated("x y ", 300) + "z", "z x y a".to_owned()),
        ("a", repeated("x y ", 300), "z x y a".to_owned()),
        ("a", mixed.clone(), mixed),
        // Alike in both ends and in length, and not the same.
        ("", repeated("aXc aYc ", 200), repeated("aXc aYc ", 130)),
    ] {
        let (mut ours, mut made) = (Vec::new(), Made::Wanting);
        while made == Made::Wanting {
            learn_chunks(&mut words, &mut connection).await;
            made = words.write(Some(title), Some(&lyrics), Some(&text), &mut ours);
        }
        assert_eq!(made, Made::Written);
        let theirs: Vec<u8> = sqlx::query_scalar(include_str!("../../database/words/made.sql"))
            .bind([title])
            .bind([&lyrics])
            .bind([&text])
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(ours == theirs, "{title:?} {lyrics:?} {text:?}");
    }
}

#[tokio::test]
async fn every_row_has_the_words_of_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    collection(folder.path(), 400);
    for writer in ["copy", "unnest"] {
        let database = TestDatabase::create().await;
        let path = folder.path().to_str().unwrap();
        Program::on(&database, ["import", "--writer", writer, path]).run().expect(&[0, 3]);
        let mut connection = connect_to(&database.url).await;
        let query = "SELECT count(*) FROM musical_metadata WHERE words = ''";
        assert!(number(&mut connection, query).await < 300, "texts are there");
        let others = "SELECT count(*) FROM musical_metadata WHERE words IS DISTINCT FROM
                      setweight(to_tsvector('simple', left(coalesce(title, ''), 1000)), 'A')
                      || setweight(to_tsvector('simple', left(coalesce(lyrics, ''), 65536)), 'B')
                      || setweight(to_tsvector('simple', left(coalesce(text, ''), 65536)), 'D')";
        assert_eq!(number(&mut connection, others).await, 0, "{writer}");

        // Also of rows that are changed or brought by somebody else.
        for statement in [
            "UPDATE musical_metadata SET title = 'An-other ' || title, lyrics = 'Sung by h@nd.de'",
            "CREATE TEMPORARY TABLE copied AS SELECT * FROM musical_metadata LIMIT 9",
            "UPDATE copied SET words = NULL, text = 'by hand'",
            "DELETE FROM musical_metadata WHERE file_id IN (SELECT file_id FROM copied)",
            "DO $$ DECLARE columns text := (SELECT string_agg(attname, ', ') FROM pg_attribute
                    WHERE attrelid = 'musical_metadata'::regclass AND attnum > 0 AND attgenerated = '');
             BEGIN EXECUTE format('INSERT INTO musical_metadata (%s) SELECT %1$s FROM copied', columns); END $$",
        ] {
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
        assert_eq!(number(&mut connection, others).await, 0, "{writer}, by hand");
        let by_hand = "SELECT count(*) FROM musical_metadata WHERE words @@ to_tsquery('simple', 'hand:D')";
        assert!(number(&mut connection, by_hand).await >= 9);
    }
}
