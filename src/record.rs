//! The rows of the library, as values: what the pipeline makes and a sink stores.
//!
//! A row knows its table, its columns and how to hand its fields over in that order ([`Row`]); the two writers (binary
//! COPY and `unnest`) are two receivers of the same fields, so no column list is written twice in Rust. A test compares
//! [`Row::COLUMNS`] with the catalog. Nothing here talks to a database.

mod files;
mod metadata;
mod places;
mod songs;
mod words;

pub use files::{FileRow, ParseStatus};
pub use metadata::{Metadata, MetadataRow};
pub use places::{LocationRow, RejectRow, SourceRow, SourceState};
pub use songs::VersionRow;
pub use words::WordedRow;

/// The PostgreSQL type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `boolean`
    Bool,
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `real`
    Float4,
    /// `double precision`
    Float8,
    /// `text`
    Text,
    /// `bytea`
    Bytea,
    /// `smallint[]`
    Int2Array,
    /// `integer[]`
    Int4Array,
    /// `real[]`
    Float4Array,
    /// `text[]`
    TextArray,
    /// `tsvector`
    TsVector,
}

impl ColumnType {
    /// The type's name as `format_type` prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int2 => "smallint",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Float4 => "real",
            Self::Float8 => "double precision",
            Self::Text => "text",
            Self::Bytea => "bytea",
            Self::Int2Array => "smallint[]",
            Self::Int4Array => "integer[]",
            Self::Float4Array => "real[]",
            Self::TextArray => "text[]",
            Self::TsVector => "tsvector",
        }
    }
}

/// A column's name and type.
pub type Column = (&'static str, ColumnType);

/// Receives the fields of a row, one call per column, in the order of [`Row::COLUMNS`].
pub trait Fields {
    /// SQL NULL, of any type.
    fn null(&mut self);
    /// A `boolean`.
    fn bool(&mut self, value: bool);
    /// A `smallint`.
    fn int2(&mut self, value: i16);
    /// An `integer`.
    fn int4(&mut self, value: i32);
    /// A `bigint`.
    fn int8(&mut self, value: i64);
    /// A `real`.
    fn float4(&mut self, value: f32);
    /// A `double precision`.
    fn float8(&mut self, value: f64);
    /// A `text`, without NUL.
    fn text(&mut self, value: &str);
    /// A `bytea`.
    fn bytea(&mut self, value: &[u8]);
    /// A `smallint[]`.
    fn int2_array(&mut self, value: &[i16]);
    /// An `integer[]`.
    fn int4_array(&mut self, value: &[i32]);
    /// A `real[]`.
    fn float4_array(&mut self, value: &[f32]);
    /// A `text[]`, without NUL.
    fn text_array(&mut self, value: &[String]);
    /// A `tsvector`, in its binary form.
    fn tsvector(&mut self, value: &[u8]);
}

/// A row of one of the library's tables.
pub trait Row {
    /// The table, in `public`.
    const TABLE: &'static str;
    /// Every column that is written, in the order of [`Row::fields`].
    const COLUMNS: &'static [Column];
    /// Hands over one field per column.
    fn fields(&self, to: &mut impl Fields);
    /// Bytes it takes in memory, roughly; what a batch and the budget count.
    fn weight(&self) -> usize;
}

/// Declares a row: its struct, its columns and the order of its fields, once.
///
/// Each field names its column's kind: `n_notes: int4 = i32` or, where NULL is allowed, `n_bars: int4 or_null = Option<i32>`.
macro_rules! row {
    (
        $(#[$meta:meta])* $name:ident in $table:literal {
            $($(#[$doc:meta])* $column:ident: $kind:ident $($optional:ident)? = $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[$doc])* pub $column: $type,)+ }

        impl $crate::record::Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [$crate::record::Column] =
                &[$((stringify!($column), $crate::record::column_type!($kind)),)+];

            fn fields(&self, to: &mut impl $crate::record::Fields) {
                $($crate::record::hand_over!(to, $kind $($optional)?, self.$column);)+
            }

            fn weight(&self) -> usize {
                size_of::<Self>() $(+ $crate::record::heap!($kind $($optional)?, self.$column))+
            }
        }
    };
}

macro_rules! column_type {
    (bool) => {
        $crate::record::ColumnType::Bool
    };
    (int2) => {
        $crate::record::ColumnType::Int2
    };
    (int4) => {
        $crate::record::ColumnType::Int4
    };
    (int8) => {
        $crate::record::ColumnType::Int8
    };
    (float4) => {
        $crate::record::ColumnType::Float4
    };
    (float8) => {
        $crate::record::ColumnType::Float8
    };
    (text) => {
        $crate::record::ColumnType::Text
    };
    (bytea) => {
        $crate::record::ColumnType::Bytea
    };
    (int2_array) => {
        $crate::record::ColumnType::Int2Array
    };
    (int4_array) => {
        $crate::record::ColumnType::Int4Array
    };
    (float4_array) => {
        $crate::record::ColumnType::Float4Array
    };
    (text_array) => {
        $crate::record::ColumnType::TextArray
    };
}

macro_rules! hand_over {
    ($to:ident, $kind:ident or_null, $value:expr) => {
        match &$value {
            Some(value) => $crate::record::hand_over!(@value $to, $kind, value),
            None => $to.null(),
        }
    };
    ($to:ident, $kind:ident, $value:expr) => { $crate::record::hand_over!(@value $to, $kind, &$value) };
    (@value $to:ident, text, $value:expr) => { $to.text($value) };
    (@value $to:ident, bytea, $value:expr) => { $to.bytea($value) };
    (@value $to:ident, int2_array, $value:expr) => { $to.int2_array($value) };
    (@value $to:ident, int4_array, $value:expr) => { $to.int4_array($value) };
    (@value $to:ident, float4_array, $value:expr) => { $to.float4_array($value) };
    (@value $to:ident, text_array, $value:expr) => { $to.text_array($value) };
    (@value $to:ident, $kind:ident, $value:expr) => { $to.$kind(*$value) };
}

macro_rules! heap {
    (text or_null, $value:expr) => {
        $value.as_ref().map_or(0, |value| value.len())
    };
    (bytea or_null, $value:expr) => {
        $value.as_ref().map_or(0, |value| value.len())
    };
    (text, $value:expr) => {
        $value.len()
    };
    (bytea, $value:expr) => {
        $value.len()
    };
    (int2_array, $value:expr) => {
        2 * $value.len()
    };
    (int2_array or_null, $value:expr) => {
        $value.as_ref().map_or(0, |value| 2 * value.len())
    };
    (text_array or_null, $value:expr) => {
        $value.as_ref().map_or(0, |value| $crate::record::heap!(text_array, value))
    };
    (text_array, $value:expr) => {
        $value.iter().map(|value| size_of::<String>() + value.len()).sum::<usize>()
    };
    ($kind:ident $($optional:ident)?, $value:expr) => {
        0
    };
}

pub(crate) use {column_type, hand_over, heap, row};
