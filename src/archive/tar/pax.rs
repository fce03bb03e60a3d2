//! PAX extension records: `length key=value\n`, one after the other.
//!
//! Takes from them what a reader of contents needs, and nothing else. Source: POSIX.1-2017 `pax`, "Extended Header".

/// What extension records say of the next member.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension {
    /// Its name.
    pub(super) path: Option<Vec<u8>>,
    /// Its content's size in bytes.
    pub(super) size: Option<u64>,
    /// Whether it is a sparse file.
    pub(super) is_sparse: bool,
}

impl Extension {
    /// Takes over what `records` say, up to the first that cannot be read.
    pub(super) fn read(&mut self, mut records: &[u8]) {
        while let Some((key, value, rest)) = split_record(records) {
            match key {
                // A sparse file's own name stands beside a made-up path.
                b"path" if !value.contains(&0) && !value.is_empty() && !self.is_sparse => {
                    self.path = Some(value.to_vec());
                }
                b"GNU.sparse.name" => self.path = Some(value.to_vec()),
                b"size" => self.size = number(value).or(self.size),
                _ => {}
            }
            self.is_sparse |= key.starts_with(b"GNU.sparse.");
            records = rest;
        }
    }
}

/// The first record's key and value, and what follows it.
fn split_record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(records.get(..space)?)?).ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, records.get(length..)?))
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // No member is longer than a file can be.
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|number| *number <= u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let long = "a".repeat(200);
        let record = format!("210 path={long}\n");
        assert_eq!(record.len(), 210);
        let cases: &[(&[u8], Extension)] = &[
            (b"", Extension::default()),
            (b"11 size=12\n", Extension { size: Some(12), ..Extension::default() }),
            (
                b"11 size=12\n14 path=a.mid\n",
                Extension { size: Some(12), path: Some(b"a.mid".to_vec()), is_sparse: false },
            ),
            (record.as_bytes(), Extension { path: Some(long.clone().into_bytes()), ..Extension::default() }),
            (
                b"25 GNU.sparse.name=a.mid\n",
                Extension { path: Some(b"a.mid".to_vec()), is_sparse: true, size: None },
            ),
            (b"99999999999999999999 size=1\n", Extension::default()),
            (b"0 size=1\n", Extension::default()),
            (b"11 size=1x\n", Extension::default()),
            (b"12 size=12\n", Extension::default()),
            (b"11size=12\n", Extension::default()),
            (b"15 path=a\0mid.\n", Extension::default()),
        ];
        for (records, expected) in cases {
            let mut extension = Extension::default();
            extension.read(records);
            assert_eq!(extension, *expected, "{:?}", String::from_utf8_lossy(records));
        }
    }
}
