//! `musical_metadata` as it is stored: what was found, and the words of its texts for full-text search.

use super::{Column, ColumnType, Fields, MetadataRow, Row};

/// A row of metadata with its words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordedRow<'a> {
    /// What was found.
    pub row: &'a MetadataRow,
    /// The words of title (weight A), lyrics (B) and all other text (D), in the binary form of a `tsvector`.
    pub words: &'a [u8],
}

impl Row for WordedRow<'_> {
    const TABLE: &'static str = MetadataRow::TABLE;
    const COLUMNS: &'static [Column] = &with_words();

    fn fields(&self, to: &mut impl Fields) {
        self.row.fields(to);
        to.tsvector(self.words);
    }

    fn weight(&self) -> usize {
        self.row.weight() + self.words.len()
    }
}

const fn with_words() -> [Column; MetadataRow::COLUMNS.len() + 1] {
    let mut columns = [("words", ColumnType::TsVector); MetadataRow::COLUMNS.len() + 1];
    let (rest, _) = columns.split_at_mut(MetadataRow::COLUMNS.len());
    rest.copy_from_slice(MetadataRow::COLUMNS);
    columns
}
