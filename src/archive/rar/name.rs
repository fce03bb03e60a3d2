//! Decodes the names that RAR 2 to 4 store twice: once in the packing machine's code page, once as Unicode.
//!
//! The Unicode form is a run-length code over UTF-16 that borrows from the other form: `UnRAR`'s `encname.cpp`, also
//! described in the public notes on the format ("RAR 3 archive format", file header). Where names are shown or compared
//! is none of this module's business.

use super::fields::Fields;

/// The name that `stored` stands for, in UTF-8; none if it has only one form, or its second form is damaged.
pub(super) fn decode(stored: &[u8]) -> Option<Vec<u8>> {
    let zero = stored.iter().position(|byte| *byte == 0)?;
    let plain = stored.get(..zero)?;
    let mut fields = Fields::new(stored, zero + 1, stored.len());
    let high = u16::from(fields.byte()?) << 8;
    let mut units = Vec::with_capacity(plain.len());
    let mut modes = (0_u8, 0_u8);
    while fields.position() < stored.len() {
        if modes.1 == 0 {
            modes = (fields.byte()?, 4);
            if fields.position() == stored.len() {
                break;
            }
        }
        let mode = modes.0 >> 6;
        modes = (modes.0 << 2, modes.1 - 1);
        match mode {
            0 => units.push(u16::from(fields.byte()?)),
            1 => units.push(high | u16::from(fields.byte()?)),
            2 => units.push(fields.short()?),
            _ => {
                let length = fields.byte()?;
                let (added, high) = if length & 0x80 == 0 { (0, 0) } else { (fields.byte()?, high) };
                for _ in 0..usize::from(length & 0x7f) + 2 {
                    let low = plain.get(units.len())?.wrapping_add(added);
                    units.push(high | u16::from(low));
                }
            }
        }
    }
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    units.truncate(end);
    String::from_utf16(&units).ok().map(String::into_bytes).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_gives_its_characters() {
        let cases: &[(&str, &[u8], Option<&str>)] = &[
            ("one form only", b"plain.mid", None),
            ("nothing behind the zero", b"plain.mid\0", None),
            ("low bytes", b"??\0\x04\0ab", Some("ab")),
            ("bytes with the high byte", b"??\0\x04\x50\x1f\x30", Some("\u{41f}\u{430}")),
            ("whole units", b"??\0\0\xa0\x42\x30\x44\x30", Some("\u{3042}\u{3044}")),
            ("a run of the other form", b"abcdef\0\x04\xc0\x04", Some("abcdef")),
            (
                "a run moved up",
                b"abcdef\0\x04\xc0\x84\x01",
                Some("\u{462}\u{463}\u{464}\u{465}\u{466}\u{467}"),
            ),
            ("a run longer than the other form", b"ab\0\x04\xc0\x04", None),
            ("cut in a unit", b"ab\0\0\x80\x42", None),
            ("half a surrogate pair", b"a\0\0\x80\x00\xd8", None),
            ("five modes", b"abcde\0\0\0abcd\0e", Some("abcde")),
        ];
        for (what, stored, expected) in cases {
            assert_eq!(decode(stored).as_deref(), expected.map(str::as_bytes), "{what}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(stored in proptest::collection::vec(0_u8.., 0..300)) {
            if let Some(name) = decode(&stored) {
                // At most 129 characters of three bytes for each byte.
                assert!(name.len() <= stored.len() * 129 * 3);
                assert!(String::from_utf8(name).is_ok());
            }
        }
    }
}
