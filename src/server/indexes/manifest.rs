//! The manifest of the secondary indexes: `database/indexes.sql`, taken apart.
//!
//! Reads text only; never talks to a server.

use super::{IndexError, Result};

const TEXT: &str = include_str!("../../../database/indexes.sql");

/// One index of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// The table it is on.
    pub table: String,
    /// The complete `CREATE INDEX IF NOT EXISTS` statement, without its semicolon.
    pub definition: String,
    /// The question it answers.
    pub comment: String,
    /// The complete `COMMENT ON INDEX` statement, without its semicolon.
    pub comment_statement: String,
}

/// The secondary indexes every library has, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    definitions: Vec<Definition>,
}

impl Manifest {
    /// Reads the manifest that was compiled in.
    ///
    /// # Errors
    /// When the file breaks its own rules: each `CREATE INDEX IF NOT EXISTS` followed by its comment, names distinct.
    pub fn parse() -> Result<Self> {
        Self::from_text(TEXT)
    }

    /// The indexes, in the order of the file.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    fn from_text(text: &str) -> Result<Self> {
        let mut definitions: Vec<Definition> = Vec::new();
        let mut statements = statements(text).into_iter();
        while let Some(definition) = statements.next() {
            let (name, table) = created(&definition)
                .ok_or_else(|| broken("expected CREATE INDEX IF NOT EXISTS name ON table", &definition))?;
            let comment_statement = statements.next().unwrap_or_default();
            let comment = commented(&comment_statement, &name).ok_or_else(|| {
                broken("expected COMMENT ON INDEX of the index before it", &comment_statement)
            })?;
            if definitions.iter().any(|other| other.name == name) {
                return Err(broken("the name is there twice", &definition));
            }
            definitions.push(Definition { name, table, definition, comment, comment_statement });
        }
        Ok(Self { definitions })
    }
}

fn broken(problem: &'static str, found: &str) -> IndexError {
    IndexError::Manifest { problem, found: found.to_owned() }
}

/// Name and table of a `CREATE INDEX`.
fn created(statement: &str) -> Option<(String, String)> {
    let rest = statement.strip_prefix("CREATE INDEX IF NOT EXISTS ")?;
    let mut words = rest.split_whitespace();
    let name = words.next()?;
    let table = words.next().filter(|word| *word == "ON").and_then(|_| words.next())?;
    Some((name.to_owned(), table.to_owned()))
}

/// The text of a `COMMENT ON INDEX name`.
fn commented(statement: &str, name: &str) -> Option<String> {
    let rest = statement.strip_prefix("COMMENT ON INDEX ")?.strip_prefix(name)?;
    let quoted = rest.strip_prefix(" IS '")?.strip_suffix('\'')?;
    Some(quoted.replace("''", "'")).filter(|comment| !comment.trim().is_empty())
}

/// The statements of a script: comment lines dropped, cut at each semicolon outside quotes.
fn statements(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut one = String::new();
    let mut is_quoted = false;
    for line in text.lines() {
        if !is_quoted && line.trim_start().starts_with("--") {
            continue;
        }
        for character in line.chars() {
            match character {
                ';' if !is_quoted => all.push(std::mem::take(&mut one)),
                _ => one.push(character),
            }
            is_quoted ^= character == '\'';
        }
        one.push('\n');
    }
    all.push(one);
    all.into_iter()
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::indexes::TABLES;

    #[test]
    fn holds_39_indexes_on_the_four_tables() {
        let manifest = Manifest::parse().unwrap();
        assert_eq!(manifest.definitions().len(), 39);
        for index in manifest.definitions() {
            assert!(TABLES.contains(&index.table.as_str()), "{}: {}", index.name, index.table);
            assert!(index.comment.ends_with('?'), "{}: no question: {}", index.name, index.comment);
        }
    }

    #[test]
    fn quotes_and_comments_are_understood() {
        let text = "-- head; with 'a quote\nCREATE INDEX IF NOT EXISTS a\n    ON files (x) WHERE y <> ';';\n\
                    COMMENT ON INDEX a IS 'What''s\n-- in; it?';\n";
        let manifest = Manifest::from_text(text).unwrap();
        let [index] = manifest.definitions() else { panic!("{manifest:?}") };
        assert_eq!((index.name.as_str(), index.table.as_str()), ("a", "files"));
        assert_eq!(index.definition, "CREATE INDEX IF NOT EXISTS a\n    ON files (x) WHERE y <> ';'");
        assert_eq!(index.comment, "What's\n-- in; it?");
    }

    #[test]
    fn broken_manifests_are_refused() {
        let index = "CREATE INDEX IF NOT EXISTS a ON files (x);";
        let comment = "COMMENT ON INDEX a IS 'Why?';";
        for text in [
            index.to_owned(),
            format!("CREATE INDEX a ON files (x);{comment}"),
            format!("{index}COMMENT ON INDEX b IS 'Why?';"),
            format!("{index}COMMENT ON INDEX a IS '';"),
            format!("{index}{comment}{index}{comment}"),
            format!("{comment}{index}"),
        ] {
            assert!(Manifest::from_text(&text).is_err(), "{text}");
        }
    }
}
