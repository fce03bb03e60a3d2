//! Comparing what stands in the catalog with what the journals described.
//!
//! Pure: reads neither.

use crate::server::indexes::catalog::Present;
use crate::server::indexes::keys::PresentKey;
use crate::server::indexes::{IndexError, Result, Subject, SuspendedIndex, SuspendedKey};

/// Every index of the journal stands, is valid, and is what it was.
pub(super) fn indexes(journal: &[SuspendedIndex], catalog: &[Present]) -> Result<()> {
    journal.iter().try_for_each(|expected| {
        let found = catalog.iter().find(|other| other.name == expected.name);
        compare_index(expected, found)
    })
}

/// Every foreign key of the journal stands, is valid, and is what it was.
pub(super) fn keys(journal: &[SuspendedKey], catalog: &[PresentKey]) -> Result<()> {
    journal.iter().try_for_each(|expected| {
        let found =
            catalog.iter().find(|other| (&other.table, &other.name) == (&expected.table, &expected.name));
        compare_key(expected, found)
    })
}

/// What is compared, as journalled, as in the catalog.
type Property<'a> = (&'static str, &'a str, &'a str);

fn compare_index(expected: &SuspendedIndex, found: Option<&Present>) -> Result<()> {
    let Some(found) = found else {
        return Err(differs(expected.subject(), &("existence", "an index", "none")));
    };
    same(
        || expected.subject(),
        &[
            ("state", VALID, state(found.is_valid)),
            ("definition", &expected.definition, &found.definition),
            ("comment", or_none(expected.comment.as_ref()), or_none(found.comment.as_ref())),
            ("tablespace", or_none(expected.tablespace.as_ref()), or_none(found.tablespace.as_ref())),
            ("statistics targets", &expected.statistics, &found.statistics),
            ("cluster mark", yes_or_no(expected.is_clustered), yes_or_no(found.is_clustered)),
        ],
    )
}

fn compare_key(expected: &SuspendedKey, found: Option<&PresentKey>) -> Result<()> {
    let Some(found) = found else {
        return Err(differs(expected.subject(), &("existence", "a foreign key", "none")));
    };
    same(
        || expected.subject(),
        &[
            ("state", VALID, state(found.is_valid)),
            ("definition", &expected.definition, &found.definition),
            ("comment", or_none(expected.comment.as_ref()), or_none(found.comment.as_ref())),
        ],
    )
}

const VALID: &str = "valid";

const fn state(is_valid: bool) -> &'static str {
    if is_valid { VALID } else { "invalid" }
}

const fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn or_none(text: Option<&String>) -> &str {
    text.map_or("none", String::as_str)
}

/// The first difference is an error.
fn same(subject: impl Fn() -> Subject, properties: &[Property<'_>]) -> Result<()> {
    match properties.iter().find(|(_, expected, found)| expected != found) {
        Some(property) => Err(differs(subject(), property)),
        None => Ok(()),
    }
}

fn differs(subject: Subject, (property, expected, found): &Property<'_>) -> IndexError {
    IndexError::Differs { subject, property, expected: (*expected).to_owned(), found: (*found).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journalled_key() -> SuspendedKey {
        SuspendedKey {
            schema: "public".into(),
            table: "files".into(),
            name: "k".into(),
            definition: "FOREIGN KEY (first_run_id) REFERENCES public.runs(id)".into(),
            comment: None,
            run_id: 1,
            is_of_this_transaction: false,
            standing: None,
            adding: None,
            validating: String::new(),
            commenting: None,
            finishing: String::new(),
        }
    }

    fn present_key() -> PresentKey {
        let key = journalled_key();
        PresentKey {
            table: key.table,
            name: key.name,
            definition: key.definition,
            comment: key.comment,
            is_valid: true,
        }
    }

    fn journalled() -> SuspendedIndex {
        SuspendedIndex {
            name: "a".into(),
            schema: "public".into(),
            table: "files".into(),
            definition: "CREATE INDEX a ON public.files USING btree (id)".into(),
            comment: Some("Why?".into()),
            tablespace: None,
            statistics: "{}".into(),
            is_clustered: false,
            size_bytes: 8192,
            run_id: 1,
            is_of_this_transaction: false,
            preparation: String::new(),
            finishing: Vec::new(),
        }
    }

    fn present() -> Present {
        let index = journalled();
        Present {
            name: index.name,
            definition: index.definition,
            comment: index.comment,
            tablespace: index.tablespace,
            statistics: index.statistics,
            is_clustered: index.is_clustered,
            is_valid: true,
        }
    }

    #[test]
    fn each_difference_of_an_index_is_named() {
        assert!(indexes(&[journalled()], &[present()]).is_ok());
        for (expected, change) in [
            ("state", Present { is_valid: false, ..present() }),
            (
                "definition",
                Present {
                    definition: "CREATE INDEX a ON public.files USING btree (size)".into(),
                    ..present()
                },
            ),
            ("comment", Present { comment: None, ..present() }),
            ("tablespace", Present { tablespace: Some("fast".into()), ..present() }),
            ("statistics targets", Present { statistics: "{\"1\": 500}".into(), ..present() }),
            ("cluster mark", Present { is_clustered: true, ..present() }),
            ("existence", Present { name: "b".into(), ..present() }),
        ] {
            match indexes(&[journalled()], &[change]) {
                Err(IndexError::Differs { property, .. }) => assert_eq!(property, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }

    #[test]
    fn each_difference_of_a_key_is_named() {
        assert!(keys(&[journalled_key()], &[present_key()]).is_ok());
        for (expected, change) in [
            ("state", PresentKey { is_valid: false, ..present_key() }),
            (
                "definition",
                PresentKey {
                    definition: "FOREIGN KEY (first_run_id) REFERENCES public.runs(id) ON DELETE CASCADE"
                        .into(),
                    ..present_key()
                },
            ),
            ("comment", PresentKey { comment: Some("Why?".into()), ..present_key() }),
            ("existence", PresentKey { name: "l".into(), ..present_key() }),
            ("existence", PresentKey { table: "sources".into(), ..present_key() }),
        ] {
            match keys(&[journalled_key()], &[change]) {
                Err(error @ IndexError::Differs { property, .. }) => {
                    assert_eq!(property, expected);
                    assert!(error.to_string().contains("foreign key k of files"), "{error}");
                }
                other => panic!("{expected}: {other:?}"),
            }
        }
    }
}
