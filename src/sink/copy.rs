//! Rows as PostgreSQL's binary COPY format (documentation of COPY, "Binary Format").
//!
//! Only encodes; sending is the [PostgreSQL sink](super::PostgresSink)'s.

use crate::record::{ColumnType, Fields, Row};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Rows of one table, encoded; reused from batch to batch.
#[derive(Debug, Default)]
pub struct CopyBuffer {
    bytes: Vec<u8>,
    rows: usize,
}

impl CopyBuffer {
    /// Forgets all rows, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.rows = 0;
    }

    /// Adds a row.
    pub fn push<R: Row>(&mut self, row: &R) {
        if self.rows == 0 {
            self.bytes.extend_from_slice(SIGNATURE);
            self.bytes.extend_from_slice(&[0; 8]); // no flags, no header extension
        }
        self.rows += 1;
        let columns = i16::try_from(R::COLUMNS.len()).unwrap_or(i16::MAX);
        self.bytes.extend_from_slice(&columns.to_be_bytes());
        row.fields(&mut FieldEncoder { bytes: &mut self.bytes });
    }

    /// How many rows it holds.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The whole stream, ended; empty without rows.
    pub fn finish(&mut self) -> &[u8] {
        if self.rows > 0 {
            self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        }
        &self.bytes
    }
}

/// Writes each field as its length and its binary form. An array element and a COPY field look the same, so `unnest`
/// uses it too.
#[derive(Debug)]
pub(super) struct FieldEncoder<'a> {
    pub(super) bytes: &'a mut Vec<u8>,
}

impl FieldEncoder<'_> {
    fn put(&mut self, value: &[u8]) {
        self.length(value.len());
        self.bytes.extend_from_slice(value);
    }

    fn length(&mut self, length: usize) {
        // A row is bounded far below 2 GiB before it gets here.
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }

    fn array<T>(&mut self, element: ColumnType, values: &[T], mut put: impl FnMut(&mut Self, &T)) {
        let start = self.bytes.len();
        self.length(0);
        array_header(self.bytes, element, values.len());
        for value in values {
            put(self, value);
        }
        let length = i32::try_from(self.bytes.len() - start - 4).unwrap_or(i32::MAX);
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// The header of a one-dimensional array without nulls, or of an empty one.
pub(super) fn array_header(bytes: &mut Vec<u8>, element: ColumnType, length: usize) {
    let dimensions = i32::from(length > 0);
    bytes.extend_from_slice(&dimensions.to_be_bytes());
    bytes.extend_from_slice(&0_i32.to_be_bytes());
    bytes.extend_from_slice(&element_oid(element).to_be_bytes());
    if length > 0 {
        bytes.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
        bytes.extend_from_slice(&1_i32.to_be_bytes());
    }
}

/// Object ids of built-in types never change (`pg_type.dat`).
pub(super) const fn element_oid(element: ColumnType) -> u32 {
    match element {
        ColumnType::Bool => 16,
        ColumnType::Bytea => 17,
        ColumnType::Int8 => 20,
        ColumnType::Int2 => 21,
        ColumnType::Int4 => 23,
        ColumnType::Text => 25,
        ColumnType::Float4 => 700,
        ColumnType::Float8 => 701,
        ColumnType::Int2Array => 1005,
        ColumnType::Int4Array => 1007,
        ColumnType::Float4Array => 1021,
        ColumnType::TextArray => 1009,
        ColumnType::TsVector => 3614,
    }
}

impl Fields for FieldEncoder<'_> {
    fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    fn bool(&mut self, value: bool) {
        self.put(&[u8::from(value)]);
    }

    fn int2(&mut self, value: i16) {
        self.put(&value.to_be_bytes());
    }

    fn int4(&mut self, value: i32) {
        self.put(&value.to_be_bytes());
    }

    fn int8(&mut self, value: i64) {
        self.put(&value.to_be_bytes());
    }

    fn float4(&mut self, value: f32) {
        self.put(&value.to_be_bytes());
    }

    fn float8(&mut self, value: f64) {
        self.put(&value.to_be_bytes());
    }

    fn text(&mut self, value: &str) {
        self.put(value.as_bytes());
    }

    fn bytea(&mut self, value: &[u8]) {
        self.put(value);
    }

    fn int2_array(&mut self, value: &[i16]) {
        self.array(ColumnType::Int2, value, |to, element| to.int2(*element));
    }

    fn int4_array(&mut self, value: &[i32]) {
        self.array(ColumnType::Int4, value, |to, element| to.int4(*element));
    }

    fn float4_array(&mut self, value: &[f32]) {
        self.array(ColumnType::Float4, value, |to, element| to.float4(*element));
    }

    fn text_array(&mut self, value: &[String]) {
        self.array(ColumnType::Text, value, |to, element| to.text(element));
    }

    fn tsvector(&mut self, value: &[u8]) {
        self.put(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RejectRow;

    #[test]
    fn a_row_is_laid_out_as_documented() {
        let mut buffer = CopyBuffer::default();
        assert!(buffer.finish().is_empty());
        buffer.push(&RejectRow {
            source_id: 1,
            entry_ordinal: -1,
            run_id: 2,
            entry_path: None,
            entry_path_raw: Some(vec![0xff]),
            stage: "open",
            reason: "io_error",
            detail: "d".into(),
        });
        let bytes = buffer.finish();
        let (header, rest) = bytes.split_at(19);
        assert_eq!(header, b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
        let expected: &[&[u8]] = &[
            &[0, 8],
            &[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 8, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0, 0, 0, 4, 0, 0, 0, 2],
            &[255, 255, 255, 255],
            &[0, 0, 0, 1, 255],
            b"\0\0\0\x04open",
            b"\0\0\0\x08io_error",
            b"\0\0\0\x01d",
            &[255, 255],
        ];
        assert_eq!(rest, expected.concat());
    }

    #[test]
    fn arrays_carry_their_element_type() {
        let mut bytes = Vec::new();
        let mut encoder = FieldEncoder { bytes: &mut bytes };
        encoder.int2_array(&[7]);
        encoder.text_array(&[]);
        let one =
            [0, 0, 0, 26, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7];
        let none = [0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25];
        assert_eq!(bytes, [&one[..], &none].concat());
    }
}
