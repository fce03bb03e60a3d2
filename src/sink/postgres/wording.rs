//! The words of a batch's contents: made here where that is certain, by the server where it is not, which is asked for as little
//! as will do: letters and stretches once, whole texts where these are not enough.
//!
//! Both make the same words, or nothing is made here: a server whose letters or whose configuration `simple` are others is
//! found out by a text that has something of everything.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgConnection;

use super::Stores;
use crate::batch::Batch;
use crate::record::{Metadata, WordedRow};
use crate::sink::words::{Chunks, Letters, Made, Words};

/// Whatever [`Words`] is certain of. The letter I is not the same in all languages when it is written small.
const SPECIMEN: &str = "I'm B-Side Title Re- -T-1000 -5 (c)1998 wait... end.) foo_bar a:b R&B a+b, / #1 50% 1st A's 'x' @ a\\b 1,000";

/// Makes the words of one batch after the other.
#[derive(Debug, Default)]
pub(super) struct Wording {
    words: Words,
    /// Words of all contents of the batch, one behind the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Whether this server's words are ours; none as long as nobody asked.
    is_ours: Option<bool>,
}

impl Wording {
    /// Another server may answer from now on.
    pub(super) fn doubt(&mut self) {
        self.is_ours = None;
        *self.words.letters() = Letters::default();
        *self.words.chunks() = Chunks::default();
    }

    /// Makes the words of all contents of a batch.
    pub(super) async fn make(&mut self, connection: &mut PgConnection, batch: &Batch) -> Stores<()> {
        self.bytes.clear();
        self.ends.clear();
        if batch.files().next().is_none() {
            return Ok(());
        }
        let is_ours = match self.is_ours {
            Some(is_ours) => is_ours,
            None => self.compare(connection).await?,
        };
        self.is_ours = Some(is_ours);
        if is_ours {
            self.learn_letters(connection, batch).await?;
        }
        // Words that the server has a part in come behind, and their place is found again by their row.
        let (mut wanting, mut left, mut texts) = (Vec::new(), Vec::new(), Texts::default());
        for (row, files) in batch.files().enumerate() {
            let found = &files.metadata.metadata;
            let (title, lyrics, text) = texts_of(found);
            let made =
                if is_ours { self.words.write(title, lyrics, text, &mut self.bytes) } else { Made::Unclear };
            match made {
                Made::Written => {}
                Made::Wanting => wanting.push((row, found)),
                Made::Unclear => left.push((row, found)),
            }
            self.ends.push(self.bytes.len());
        }
        let mut late = BTreeMap::new();
        if !wanting.is_empty() {
            self.learn_chunks(connection).await?;
        }
        for (row, found) in wanting {
            let ((title, lyrics, text), mut words) = (texts_of(found), Vec::new());
            match self.words.write(title, lyrics, text, &mut words) {
                Made::Written => _ = late.insert(row, words),
                Made::Wanting | Made::Unclear => left.push((row, found)),
            }
        }
        for (_, found) in &left {
            let (title, lyrics, text) = texts_of(found);
            texts.push(title, lyrics, text);
        }
        if !left.is_empty() {
            let made = texts.ask(connection).await?;
            late.extend(left.iter().map(|(row, _)| *row).zip(made));
        }
        self.insert(late);
        Ok(())
    }

    /// The rows of the batch whose words were made last.
    pub(super) fn rows<'a>(&'a self, batch: &'a Batch) -> impl Iterator<Item = WordedRow<'a>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        batch.files().zip(starts.zip(&self.ends)).map(|(files, (start, end))| WordedRow {
            row: &files.metadata,
            words: self.bytes.get(start..*end).unwrap_or_default(),
        })
    }

    /// Asks what characters of the batch are to the server, each once.
    async fn learn_letters(&mut self, connection: &mut PgConnection, batch: &Batch) -> Stores<()> {
        let mut unknown = BTreeSet::new();
        for files in batch.files() {
            let (title, lyrics, text) = texts_of(&files.metadata.metadata);
            self.words.find_unknown(title, lyrics, text, &mut unknown);
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let letters: Vec<_> = unknown.iter().map(char::to_string).collect();
        let words: Vec<Vec<String>> = sqlx::query_scalar(include_str!("../../../database/words/letters.sql"))
            .bind(&letters)
            .fetch_all(connection)
            .await?;
        for (letter, words) in unknown.into_iter().zip(&words) {
            self.words.letters().learn(letter, words);
        }
        Ok(())
    }

    /// Asks what stretches of the batch are to the server, each once.
    async fn learn_chunks(&mut self, connection: &mut PgConnection) -> Stores<()> {
        let missing: Vec<String> = self.words.missing().into_iter().collect();
        let made: Vec<Vec<u8>> = sqlx::query_scalar(include_str!("../../../database/words/chunks.sql"))
            .bind(&missing)
            .fetch_all(connection)
            .await?;
        for (chunk, words) in missing.iter().zip(&made) {
            self.words.chunks().learn(chunk, words);
        }
        Ok(())
    }

    async fn compare(&mut self, connection: &mut PgConnection) -> Stores<bool> {
        let (title, lyrics, text) = (Some("Title I"), Some("I sing"), Some(SPECIMEN));
        let (mut texts, mut ours) = (Texts::default(), Vec::new());
        texts.push(title, lyrics, text);
        let theirs = texts.ask(connection).await?;
        let made = self.words.write(title, lyrics, text, &mut ours);
        Ok(made == Made::Written && theirs.first() == Some(&ours))
    }

    /// Puts the words of some rows, which have none yet, between those of the others.
    fn insert(&mut self, late: BTreeMap<usize, Vec<u8>>) {
        if late.is_empty() {
            return;
        }
        let ours = std::mem::take(&mut self.bytes);
        let mut late = late.into_iter().peekable();
        let mut start = 0;
        for (row, end) in self.ends.iter_mut().enumerate() {
            match late.next_if(|(place, _)| *place == row) {
                Some((_, words)) => self.bytes.extend_from_slice(&words),
                None => self.bytes.extend_from_slice(ours.get(start..*end).unwrap_or_default()),
            }
            start = std::mem::replace(end, self.bytes.len());
        }
    }
}

fn texts_of(found: &Metadata) -> (Option<&str>, Option<&str>, Option<&str>) {
    (found.title.as_deref(), found.lyrics.as_deref(), found.text.as_deref())
}

/// Texts for the server, column by column.
#[derive(Default)]
struct Texts<'a> {
    titles: Vec<Option<&'a str>>,
    lyrics: Vec<Option<&'a str>>,
    others: Vec<Option<&'a str>>,
}

impl<'a> Texts<'a> {
    fn push(&mut self, title: Option<&'a str>, lyrics: Option<&'a str>, text: Option<&'a str>) {
        self.titles.push(title);
        self.lyrics.push(lyrics);
        self.others.push(text);
    }

    async fn ask(&self, connection: &mut PgConnection) -> Stores<Vec<Vec<u8>>> {
        Ok(sqlx::query_scalar(include_str!("../../../database/words/made.sql"))
            .bind(&self.titles)
            .bind(&self.lyrics)
            .bind(&self.others)
            .fetch_all(connection)
            .await?)
    }
}
