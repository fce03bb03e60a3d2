//! Rows as the parameters of one `INSERT … SELECT … FROM unnest(…)`: one array per column.
//!
//! The other writer, for servers or poolers that refuse COPY. Arrays of arrays do not exist in PostgreSQL, so array
//! columns travel as text in PostgreSQL's own array notation and are cast on arrival.

use std::borrow::Borrow;

use sqlx::encode::{Encode, IsNull};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnection, PgTypeInfo, Postgres};
use sqlx::{AssertSqlSafe, Type};

use super::copy::{FieldEncoder, array_header};
use crate::record::{ColumnType, Fields, Row};

/// `tsvector[]`; object ids of built-in types never change (`pg_type.dat`).
const TSVECTOR_ARRAY: Oid = Oid(3643);

/// Inserts `rows` into `table` (the table of `R`, or one shaped like it) by one statement.
///
/// # Errors
/// What the database or the connection says.
pub(super) async fn insert<R: Row>(
    connection: &mut PgConnection,
    table: &str,
    rows: impl Iterator<Item = impl Borrow<R>>,
) -> Result<(), sqlx::Error> {
    let mut columns = Columns::of::<R>();
    let mut count = 0_usize;
    for row in rows {
        columns.next = 0;
        row.borrow().fields(&mut columns);
        count += 1;
    }
    if count == 0 {
        return Ok(());
    }
    let mut arguments = PgArguments::default();
    for (column, elements) in R::COLUMNS.iter().zip(columns.elements) {
        let array = ColumnArray { element: travels_as(column.1), length: count, elements };
        sqlx::Arguments::add(&mut arguments, array).map_err(sqlx::Error::Encode)?;
    }
    sqlx::query_with(AssertSqlSafe(statement::<R>(table)), arguments).execute(connection).await?;
    Ok(())
}

/// `INSERT INTO t (a, b) SELECT a, b::smallint[] FROM unnest($1::bigint[], $2::text[]) AS u (a, b)`
fn statement<R: Row>(table: &str) -> String {
    let list = |each: &dyn Fn(usize, &str, ColumnType) -> String| {
        let items = R::COLUMNS.iter().enumerate().map(|(position, (name, kind))| each(position, name, *kind));
        items.collect::<Vec<_>>().join(", ")
    };
    let names = list(&|_, name, _| name.to_owned());
    let casts = list(&|_, name, kind| {
        if travels_as(kind) == kind { name.to_owned() } else { format!("{name}::{}", kind.name()) }
    });
    let arrays = list(&|position, _, kind| format!("${}::{}[]", position + 1, travels_as(kind).name()));
    format!("INSERT INTO {table} ({names}) SELECT {casts} FROM unnest({arrays}) AS u ({names})")
}

const fn travels_as(kind: ColumnType) -> ColumnType {
    match kind {
        ColumnType::Int2Array | ColumnType::Int4Array | ColumnType::Float4Array | ColumnType::TextArray => {
            ColumnType::Text
        }
        _ => kind,
    }
}

/// One array, its elements encoded already.
struct ColumnArray {
    element: ColumnType,
    length: usize,
    elements: Vec<u8>,
}

impl Type<Postgres> for ColumnArray {
    fn type_info() -> PgTypeInfo {
        <Vec<String> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for ColumnArray {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, sqlx::error::BoxDynError> {
        array_header(buffer, self.element, self.length);
        buffer.extend_from_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self.element {
            ColumnType::Bool => <Vec<bool> as Type<Postgres>>::type_info(),
            ColumnType::Int2 => <Vec<i16> as Type<Postgres>>::type_info(),
            ColumnType::Int4 => <Vec<i32> as Type<Postgres>>::type_info(),
            ColumnType::Int8 => <Vec<i64> as Type<Postgres>>::type_info(),
            ColumnType::Float4 => <Vec<f32> as Type<Postgres>>::type_info(),
            ColumnType::Float8 => <Vec<f64> as Type<Postgres>>::type_info(),
            ColumnType::Bytea => <Vec<Vec<u8>> as Type<Postgres>>::type_info(),
            ColumnType::TsVector => PgTypeInfo::with_oid(TSVECTOR_ARRAY),
            _ => <Vec<String> as Type<Postgres>>::type_info(),
        })
    }

    fn size_hint(&self) -> usize {
        self.elements.len() + 20
    }
}

/// Collects fields by column.
struct Columns {
    elements: Vec<Vec<u8>>,
    next: usize,
}

impl Columns {
    fn of<R: Row>() -> Self {
        Self { elements: vec![Vec::new(); R::COLUMNS.len()], next: 0 }
    }

    /// An array in PostgreSQL's own notation.
    fn array<T>(&mut self, values: &[T], spell: impl Fn(&T) -> String) {
        let elements: Vec<_> = values.iter().map(spell).collect();
        self.text(&format!("{{{}}}", elements.join(",")));
    }

    fn put(&mut self, encode: impl FnOnce(&mut FieldEncoder<'_>)) {
        if let Some(bytes) = self.elements.get_mut(self.next) {
            encode(&mut FieldEncoder { bytes });
        }
        self.next += 1;
    }
}

impl Fields for Columns {
    fn null(&mut self) {
        self.put(|to| to.null());
    }

    fn bool(&mut self, value: bool) {
        self.put(|to| to.bool(value));
    }

    fn int2(&mut self, value: i16) {
        self.put(|to| to.int2(value));
    }

    fn int4(&mut self, value: i32) {
        self.put(|to| to.int4(value));
    }

    fn int8(&mut self, value: i64) {
        self.put(|to| to.int8(value));
    }

    fn float4(&mut self, value: f32) {
        self.put(|to| to.float4(value));
    }

    fn float8(&mut self, value: f64) {
        self.put(|to| to.float8(value));
    }

    fn text(&mut self, value: &str) {
        self.put(|to| to.text(value));
    }

    fn bytea(&mut self, value: &[u8]) {
        self.put(|to| to.bytea(value));
    }

    fn tsvector(&mut self, value: &[u8]) {
        self.put(|to| to.tsvector(value));
    }

    fn int2_array(&mut self, value: &[i16]) {
        self.array(value, i16::to_string);
    }

    fn int4_array(&mut self, value: &[i32]) {
        self.array(value, i32::to_string);
    }

    fn float4_array(&mut self, value: &[f32]) {
        // The shortest digits that read back to the same value.
        self.array(value, f32::to_string);
    }

    fn text_array(&mut self, value: &[String]) {
        self.array(value, |element| quoted(element));
    }
}

/// An array element in quotes (PostgreSQL documentation, "Array Input and Output Syntax").
fn quoted(element: &str) -> String {
    format!("\"{}\"", element.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FileRow;

    #[test]
    fn one_array_a_column() {
        assert_eq!(
            statement::<FileRow>("files"),
            "INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id, md5) \
             SELECT id, digest, size_bytes, parse_status, warnings, first_run_id, md5 \
             FROM unnest($1::bigint[], $2::bytea[], $3::integer[], $4::text[], $5::integer[], $6::integer[], $7::bytea[]) \
             AS u (id, digest, size_bytes, parse_status, warnings, first_run_id, md5)"
        );
    }

    #[test]
    fn elements_are_quoted() {
        assert_eq!(quoted(r#"a "b" \ {c},"#), r#""a \"b\" \\ {c},""#);
    }
}
