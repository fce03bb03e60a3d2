//! Writes LZH archives by hand: headers of each level, and `-lh5-` with fixed codes.
#![expect(clippy::cast_possible_truncation, reason = "the archives written here are small")]

use delharc::crc::Crc16;

/// A member to be written.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) level: u8,
    pub(super) method: [u8; 5],
    pub(super) name: Vec<u8>,
    /// With 0xFF behind each folder.
    pub(super) folder: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) size: u64,
    pub(super) crc: u16,
    /// Further extension headers: type and data.
    pub(super) extras: Vec<(u8, Vec<u8>)>,
    /// Whether levels 2 and 3 have a checksum.
    pub(super) has_checksum: bool,
}

pub(super) fn crc16(content: &[u8]) -> u16 {
    let mut crc = Crc16::default();
    crc.digest(content);
    crc.sum16()
}

impl Written {
    pub(super) fn stored(level: u8, name: &[u8], content: &[u8]) -> Self {
        Self {
            level,
            method: *b"-lh0-",
            name: name.to_vec(),
            folder: Vec::new(),
            data: content.to_vec(),
            size: content.len() as u64,
            crc: crc16(content),
            extras: Vec::new(),
            has_checksum: true,
        }
    }

    pub(super) fn packed(level: u8, method: &[u8; 5], name: &[u8], content: &[u8]) -> Self {
        let data = match method {
            b"-lh5-" => encode(content, 14, 4),
            b"-lh7-" => encode(content, 17, 5),
            _ => content.to_vec(),
        };
        Self { method: *method, data, ..Self::stored(level, name, content) }
    }

    /// The header.
    pub(super) fn header(&self) -> Vec<u8> {
        let mut extras = Vec::new();
        if self.level >= 2 && self.has_checksum {
            extras.push((0, vec![0, 0]));
        }
        if self.level >= 2 {
            extras.push((1, self.name.clone()));
        }
        if !self.folder.is_empty() && self.level >= 1 {
            extras.push((2, self.folder.clone()));
        }
        extras.extend(self.extras.iter().cloned());
        let width = if self.level == 3 { 4 } else { 2 };
        let number = |value: usize| (value as u32).to_le_bytes()[..width].to_vec();
        let length =
            |extra: Option<&(u8, Vec<u8>)>| number(extra.map_or(0, |(_, data)| 1 + data.len() + width));
        let mut tail = Vec::new();
        for (index, (kind, data)) in extras.iter().enumerate() {
            tail.push(*kind);
            tail.extend_from_slice(data);
            tail.extend(length(extras.get(index + 1)));
        }
        let packed = self.data.len() + if self.level == 1 { tail.len() } else { 0 };

        let mut header = vec![0, 0];
        header.extend_from_slice(&self.method);
        header.extend_from_slice(&(packed as u32).to_le_bytes());
        header.extend_from_slice(&(self.size as u32).to_le_bytes());
        header.extend_from_slice(&[0, 0, 0x21, 0x10, 0x20, self.level]);
        if self.level < 2 {
            header.push(self.name.len() as u8);
            header.extend_from_slice(&self.name);
        }
        header.extend_from_slice(&self.crc.to_le_bytes());
        if self.level > 0 {
            header.push(b'M');
        }
        if self.level == 3 {
            let total = header.len() + 4 + 4 + tail.len();
            header.extend_from_slice(&(total as u32).to_le_bytes());
        }
        if self.level > 0 {
            header.extend(length(extras.first()));
        }
        match self.level {
            0 | 1 => {
                header[0] = (header.len() - 2) as u8;
                header[1] = header[2..].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
                header.extend(tail);
            }
            2 => {
                let total = header.len() + tail.len();
                header[..2].copy_from_slice(&(total as u16).to_le_bytes());
                header.extend(tail);
            }
            _ => {
                header[0] = 4;
                header.extend(tail);
            }
        }
        if self.level >= 2 && self.has_checksum {
            // The checksum's own header is the first one.
            let at = if self.level == 2 { 26 } else { 32 } + 1;
            let crc = crc16(&header);
            header[at..at + 2].copy_from_slice(&crc.to_le_bytes());
        }
        header
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.header(), self.data.clone()].concat()
    }
}

/// An archive, with its end mark.
pub(super) fn archive(members: &[Written]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members.iter().flat_map(Written::bytes).collect();
    bytes.push(0);
    bytes
}

/// Bits from the highest one of each byte on.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let set = u8::from(value >> bit & 1 == 1);
            *self.bytes.last_mut().unwrap() |= set << (7 - self.used % 8);
            self.used += 1;
        }
    }
}

/// `-lh5-` (`history` 14, `offset_bits` 4) or `-lh7-` (17, 5), with the same codes in each block: 508 commands of nine bits
/// and two of eight, offsets of four bits but for as many as it takes to fill the tree.
pub(super) fn encode(content: &[u8], history: u32, offset_bits: u32) -> Vec<u8> {
    const SHORT: u32 = 2;
    let command = |value: u32| if value < SHORT { (value, 8) } else { (value - SHORT + (SHORT << 1), 9) };
    // 14 codes: two of three bits, twelve of four. 17: fifteen of four bits, two of five.
    let (first_short, short, long) = if history == 14 { (2, 3, 4) } else { (15, 4, 5) };
    let offset_code = |value: u32| {
        if value < first_short { (value, short) } else { (value - first_short + (first_short << 1), long) }
    };
    let commands = matches(content, 1 << (history - 1));
    let mut bits = Bits::default();
    for block in commands.chunks(usize::from(u16::MAX)) {
        bits.push(block.len() as u32, 16);
        // The lengths of the commands' lengths: 8 and 9, two further on, have one bit each.
        bits.push(12, 5);
        (0..3).for_each(|_| bits.push(0, 3));
        bits.push(0, 2);
        (3..12).for_each(|length| bits.push(u32::from(length >= 10), 3));
        bits.push(510, 9);
        (0..510).for_each(|value| bits.push(u32::from(value >= SHORT), 1));
        bits.push(history, offset_bits);
        (0..history).for_each(|value| bits.push(if value < first_short { short } else { long }, 3));
        for (value, distance) in block {
            let (code, length) = command(*value);
            bits.push(code, length);
            if let Some(distance) = distance {
                let width = 32 - (distance - 1).leading_zeros();
                let (code, length) = offset_code(width);
                bits.push(code, length);
                if width > 1 {
                    bits.push((distance - 1) & ((1 << (width - 1)) - 1), width - 1);
                }
            }
        }
    }
    bits.bytes
}

/// Literals, and copies of 3 to 256 bytes with their distance.
fn matches(content: &[u8], window: usize) -> Vec<(u32, Option<u32>)> {
    let mut latest = std::collections::HashMap::new();
    let (mut commands, mut at) = (Vec::new(), 0);
    while at < content.len() {
        let earlier = content.get(at..at + 3).and_then(|key| latest.insert(key, at));
        let length = earlier.filter(|earlier| at - earlier < window).map_or(0, |earlier| {
            let pairs = content[at..].iter().zip(&content[earlier..]);
            pairs.take(256).take_while(|(one, other)| one == other).count()
        });
        if length >= 3 {
            commands.push((256 + length as u32 - 3, earlier.map(|earlier| (at - earlier) as u32)));
            at += length;
        } else {
            commands.push((u32::from(content[at]), None));
            at += 1;
        }
    }
    commands
}
