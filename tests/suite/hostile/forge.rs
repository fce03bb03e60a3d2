//! Writes containers as no proper archiver does: every field as it is asked for.

use std::io::Write as _;

use loader::sample;

/// The fields of a zip member, which say what they are told to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZipMember {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) compressed: u64,
    pub(crate) uncompressed: u64,
    /// The extra field in both headers.
    pub(crate) extra: Vec<u8>,
}

impl ZipMember {
    /// The honest fields of a content and its data.
    pub(crate) fn of(name: impl AsRef<[u8]>, method: u16, content: &[u8], data: &[u8]) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            method,
            crc: libdeflater::crc32(content),
            compressed: data.len() as u64,
            uncompressed: content.len() as u64,
            ..Self::default()
        }
    }

    /// What stands before the data. Sizes beyond 32 bits go to a ZIP64 field.
    pub(crate) fn local_header(&self) -> Vec<u8> {
        let extra = self.whole_extra();
        let mut bytes = b"PK\x03\x04\x14\0".to_vec();
        bytes.extend(self.fields(&extra));
        bytes.extend(&self.name);
        bytes.extend(extra);
        bytes
    }

    /// Its record in the directory; `offset` is where the local header is said to be.
    pub(crate) fn record(&self, offset: usize) -> Vec<u8> {
        let extra = self.whole_extra();
        let mut bytes = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        bytes.extend(self.fields(&extra));
        // Comment, disk, attributes inside and outside.
        bytes.extend([0; 10]);
        bytes.extend(u32::try_from(offset).unwrap().to_le_bytes());
        bytes.extend(&self.name);
        bytes.extend(extra);
        bytes
    }

    fn whole_extra(&self) -> Vec<u8> {
        let mut extra = self.extra.clone();
        if self.is_large() {
            extra.extend([1, 0, 16, 0]);
            extra.extend(self.uncompressed.to_le_bytes());
            extra.extend(self.compressed.to_le_bytes());
        }
        extra
    }

    fn is_large(&self) -> bool {
        self.uncompressed >= u64::from(u32::MAX) || self.compressed >= u64::from(u32::MAX)
    }

    fn fields(&self, extra: &[u8]) -> Vec<u8> {
        let size = |size: u64| if self.is_large() { u32::MAX } else { u32::try_from(size).unwrap() };
        let mut bytes = Vec::new();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        // A time and a date.
        bytes.extend([0, 0, 0x21, 0x50]);
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(size(self.compressed).to_le_bytes());
        bytes.extend(size(self.uncompressed).to_le_bytes());
        bytes.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(extra.len()).unwrap().to_le_bytes());
        bytes
    }
}

/// A zip being written.
#[derive(Debug, Default)]
pub(crate) struct Zip {
    pub(crate) bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// Adds a stored member as it should be.
    pub(crate) fn store(mut self, name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        self.add(&ZipMember::of(name, 0, content, content), content);
        self
    }

    /// Adds a deflated member as it should be.
    pub(crate) fn deflate(mut self, name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let data = deflate(content);
        self.add(&ZipMember::of(name, 8, content, &data), &data);
        self
    }

    /// Adds a member whose fields are made from the honest ones.
    pub(crate) fn forge(
        mut self,
        mut member: ZipMember,
        data: &[u8],
        change: impl Fn(&mut ZipMember),
    ) -> Self {
        change(&mut member);
        self.add(&member, data);
        self
    }

    pub(crate) fn add(&mut self, member: &ZipMember, data: &[u8]) {
        self.list(member, self.bytes.len());
        self.bytes.extend(member.local_header());
        self.bytes.extend(data);
    }

    /// Adds a record to the directory only.
    pub(crate) fn list(&mut self, member: &ZipMember, offset: usize) {
        self.directory.extend(member.record(offset));
        self.count += 1;
    }

    /// The zip with its directory.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let start = u32::try_from(self.bytes.len()).unwrap();
        let size = u32::try_from(self.directory.len()).unwrap();
        self.bytes.extend(self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

/// A small piece that no other case has, unless it asks for the same number.
pub(crate) fn piece(number: u64) -> Vec<u8> {
    sample::midi(7, number, 600)
}

/// Deflated as well as it can be.
pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A gzip member.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Deflated zeros, `count` times 16 MiB, made without compressing them all: after a full flush nothing refers to what came
/// before, so that the same bytes can be written again and again.
pub(crate) fn deflated_zeros(count: usize) -> Vec<u8> {
    let mut section = Vec::with_capacity(1 << 20);
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let zeros = vec![0; 16 << 20];
    compress.compress_vec(&zeros, &mut section, flate2::FlushCompress::Full).unwrap();
    assert_eq!(compress.total_in(), zeros.len() as u64);
    let mut data = section.repeat(count);
    data.extend([3, 0]);
    data
}

/// The checksum of as many zeros.
pub(crate) fn crc_of_zeros(count: usize) -> u32 {
    let zeros = vec![0; 16 << 20];
    let mut crc = libdeflater::Crc::new();
    for _ in 0..count {
        crc.update(&zeros);
    }
    crc.sum()
}

/// A gzip member of as many zeros, between a start and an end.
pub(crate) fn gzip_of_zeros(start: &[u8], count: usize, end: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    let mut crc = libdeflater::Crc::new();
    stored_blocks(start, &mut bytes);
    crc.update(start);
    let zeros = deflated_zeros(count);
    bytes.extend(&zeros[..zeros.len() - 2]);
    let zeros = vec![0; 16 << 20];
    (0..count).for_each(|_| crc.update(&zeros));
    stored_blocks(end, &mut bytes);
    crc.update(end);
    bytes.extend([3, 0]);
    bytes.extend(crc.sum().to_le_bytes());
    let length = start.len() + (count << 24) + end.len();
    bytes.extend(&(length as u64).to_le_bytes()[..4]);
    bytes
}

/// Deflate blocks that hold their bytes as they are.
fn stored_blocks(content: &[u8], bytes: &mut Vec<u8>) {
    for part in content.chunks(60_000) {
        let length = u16::try_from(part.len()).unwrap();
        bytes.push(0);
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(part);
    }
}

/// The header of a tar member that says what it is told to say.
pub(crate) fn tar_header(name: &[u8], kind: u8, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A tar member: header, content, padding.
pub(crate) fn tar_member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = tar_header(name, kind, content.len() as u64);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A tar of regular files.
pub(crate) fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        members.iter().flat_map(|(name, content)| tar_member(name.as_bytes(), b'0', content)).collect();
    bytes.extend([0; 1_024]);
    bytes
}

/// A member of an LZH archive whose data is its content, with a header of level 0, 1 or 2.
pub(crate) fn lzh_member(level: u8, method: &[u8; 5], name: &[u8], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let crc = crc16(content).to_le_bytes();
    let length = u8::try_from(name.len()).unwrap();
    let time = if level == 2 { 1_000_000_000_u32 } else { 0x5021_0000 };
    // Method, sizes, time, attribute, level.
    let fields = [&method[..], &size, &size, &time.to_le_bytes(), &[0x20, level]].concat();
    let header = if level == 2 {
        // The name stands in an extension, and the size of all headers at the start.
        let extension = [&[1][..], name].concat();
        let next = u16::try_from(extension.len() + 2).unwrap().to_le_bytes();
        // Before it another one, with a checksum of the header in which it is nothing itself.
        let rest = [&fields[..], &crc, b"U", &[5, 0, 0, 0, 0], &next, &extension, &[0, 0]].concat();
        let mut header = [&u16::try_from(rest.len() + 2).unwrap().to_le_bytes()[..], &rest].concat();
        let place = 2 + fields.len() + crc.len() + 1 + 3;
        let sum = crc16(&header).to_le_bytes();
        header[place..place + 2].copy_from_slice(&sum);
        header
    } else {
        let mut rest = [&fields[..], &[length], name, &crc].concat();
        if level == 1 {
            rest.extend([b'U', 0, 0]);
        }
        let sum = rest.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        [&[u8::try_from(rest.len()).unwrap(), sum][..], &rest].concat()
    };
    [&header[..], content].concat()
}

/// What ends an LZH archive.
pub(crate) const fn lzh_end() -> &'static [u8] {
    &[0]
}

/// The checksum of LZH: the polynomial of ARC.
fn crc16(content: &[u8]) -> u16 {
    content.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}
