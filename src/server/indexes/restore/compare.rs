//! Comparing what stands in the catalog with what the journal described.
//!
//! Pure: reads neither.

use crate::server::indexes::catalog::Present;
use crate::server::indexes::{IndexError, Result, SuspendedIndex};

/// Every index of the journal stands, is valid, and is what it was.
pub(super) fn compare(journal: &[SuspendedIndex], catalog: &[Present]) -> Result<()> {
    journal.iter().try_for_each(|expected| {
        let found = catalog.iter().find(|other| other.name == expected.name);
        compare_one(expected, found)
    })
}

fn compare_one(expected: &SuspendedIndex, found: Option<&Present>) -> Result<()> {
    let Some(found) = found else {
        return Err(differs(expected, "existence", "an index", "none"));
    };
    let none = || "none".to_owned();
    let properties = [
        ("state", "valid".into(), if found.is_valid { "valid" } else { "invalid" }.into()),
        ("definition", expected.definition.clone(), found.definition.clone()),
        (
            "comment",
            expected.comment.clone().unwrap_or_else(none),
            found.comment.clone().unwrap_or_else(none),
        ),
        (
            "tablespace",
            expected.tablespace.clone().unwrap_or_else(none),
            found.tablespace.clone().unwrap_or_else(none),
        ),
        ("statistics targets", expected.statistics.clone(), found.statistics.clone()),
        ("cluster mark", expected.is_clustered.to_string(), found.is_clustered.to_string()),
    ];
    match properties.iter().find(|(_, expected, found)| expected != found) {
        Some((property, wanted, found)) => Err(differs(expected, property, wanted, found)),
        None => Ok(()),
    }
}

fn differs(index: &SuspendedIndex, property: &'static str, expected: &str, found: &str) -> IndexError {
    IndexError::Differs {
        index: index.name.clone(),
        property,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_difference_is_named() {
        assert!(compare(&[journalled()], &[present()]).is_ok());
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
            match compare(&[journalled()], &[change]) {
                Err(IndexError::Differs { property, .. }) => assert_eq!(property, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }
}
