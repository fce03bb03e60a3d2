//! Sound standards that a file switches on by system exclusive messages.
//!
//! Knows the four messages that say so; what a device is set to besides is not looked at.

/// A standard's word, and whether a message switches it on.
type Standard = (&'static str, fn(&[u8]) -> bool);

/// The standards, in the order in which they are listed.
const STANDARDS: [Standard; 4] = [
    // Universal non-realtime, any device: General MIDI system on, level 1 and 2 (MMA RP-003, RP-024).
    ("gm", |data| matches!(data, [0x7E, _, 0x09, 0x01, ..])),
    ("gm2", |data| matches!(data, [0x7E, _, 0x09, 0x03, ..])),
    // Roland, any device: GS reset, mode 1 or 2 with it, or "system mode set" of the SC-88.
    ("gs", |data| {
        matches!(
            data,
            [0x41, _, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, ..]
                | [0x41, _, 0x42, 0x12, 0x00, 0x00, 0x7F, 0x00 | 0x01, ..]
        )
    }),
    // Yamaha, any device: XG system on.
    ("xg", |data| matches!(data, [0x43, 0x10..=0x1F, 0x4C, 0x00, 0x00, 0x7E, 0x00, ..])),
];

/// Collects them.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::midi) struct Devices(u8);

impl Devices {
    /// A system exclusive message, its 0xF0 left out.
    pub(in crate::midi) fn hear(&mut self, data: &[u8]) {
        for (bit, (_, is_switched_on)) in STANDARDS.iter().enumerate() {
            self.0 |= u8::from(is_switched_on(data)) << bit;
        }
    }

    /// Their words.
    pub(in crate::midi) fn words(self) -> Vec<String> {
        let heard = STANDARDS.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        heard.map(|(_, (word, _))| (*word).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_are_recognised() {
        for (data, words) in [
            (b"\x7E\x7F\x09\x01\xF7".as_slice(), vec!["gm"]),
            (b"\x7E\x00\x09\x03\xF7", vec!["gm2"]),
            (b"\x7E\x7F\x09\x02\xF7", vec![]),
            (b"\x41\x10\x42\x12\x40\x00\x7F\x00\x41\xF7", vec!["gs"]),
            (b"\x41\x10\x42\x12\x00\x00\x7F\x01\x00\xF7", vec!["gs"]),
            (b"\x41\x10\x42\x12\x40\x01\x30\x02\x0D\xF7", vec![]),
            (b"\x43\x10\x4C\x00\x00\x7E\x00\xF7", vec!["xg"]),
            (b"\x43\x10\x4C\x02\x01\x00\x01\x00\xF7", vec![]),
            (b"", vec![]),
        ] {
            let mut devices = Devices::default();
            devices.hear(data);
            assert_eq!(devices.words(), words, "{data:02x?}");
        }
        let mut both = Devices::default();
        both.hear(b"\x43\x10\x4C\x00\x00\x7E\x00\xF7");
        both.hear(b"\x7E\x7F\x09\x01");
        assert_eq!(both.words(), ["gm", "xg"]);
    }
}
