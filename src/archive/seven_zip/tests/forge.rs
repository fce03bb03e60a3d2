//! Writes 7z archives by hand, with the right checksums around whatever is wrong.

/// An archive of packed data and a header, with the right checksums.
pub(super) fn sign(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let mut fields = (packed.len() as u64).to_le_bytes().to_vec();
    fields.extend((header.len() as u64).to_le_bytes());
    fields.extend(libdeflater::crc32(header).to_le_bytes());
    let mut bytes = b"7z\xbc\xaf\x27\x1c\x00\x04".to_vec();
    bytes.extend(libdeflater::crc32(&fields).to_le_bytes());
    bytes.extend(fields);
    bytes.extend(packed);
    bytes.extend(header);
    bytes
}

pub(super) fn number(value: u64) -> Vec<u8> {
    if value < 0x80 {
        return vec![u8::try_from(value).unwrap()];
    }
    [&[0xff][..], &value.to_le_bytes()].concat()
}

/// A block with one coder.
pub(super) struct Block {
    pub(super) folder: Vec<u8>,
    pub(super) packed: Vec<u8>,
    pub(super) size: u64,
    /// Sizes and checksums.
    pub(super) members: Vec<(u64, u32)>,
}

pub(super) fn coder(method: &[u8], properties: &[u8]) -> Vec<u8> {
    let flags = u8::try_from(method.len()).unwrap() | if properties.is_empty() { 0 } else { 0x20 };
    let mut folder = [&[1, flags][..], method].concat();
    if !properties.is_empty() {
        folder.extend(number(properties.len() as u64));
        folder.extend(properties);
    }
    folder
}

/// A block that declares the coder and holds the contents as they are.
pub(super) fn block(folder: Vec<u8>, contents: &[&[u8]]) -> Block {
    let packed = contents.concat();
    let members =
        contents.iter().map(|content| (content.len() as u64, libdeflater::crc32(content))).collect();
    Block { folder, size: packed.len() as u64, packed, members }
}

pub(super) fn copied(contents: &[&[u8]]) -> Block {
    block(coder(&[0], &[]), contents)
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) name: Vec<u16>,
    pub(super) is_empty: bool,
    pub(super) is_directory: bool,
    pub(super) is_anti: bool,
    pub(super) attributes: u32,
}

pub(super) fn entry(name: &str) -> Entry {
    Entry { name: name.encode_utf16().collect(), ..Entry::default() }
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, flag) in flags.enumerate() {
        if index % 8 == 0 {
            bytes.push(0);
        }
        *bytes.last_mut().unwrap() |= u8::from(flag) << (7 - index % 8);
    }
    bytes
}

fn streams(blocks: &[Block], position: u64) -> Vec<u8> {
    let mut header = [&[6][..], &number(position), &number(blocks.len() as u64), &[9]].concat();
    header.extend(blocks.iter().flat_map(|block| number(block.packed.len() as u64)));
    header.extend([0, 7, 0x0b]);
    header.extend(number(blocks.len() as u64));
    header.push(0);
    header.extend(blocks.iter().flat_map(|block| block.folder.clone()));
    header.push(0x0c);
    header.extend(blocks.iter().flat_map(|block| number(block.size)));
    header.extend([0, 8, 0x0d]);
    header.extend(blocks.iter().flat_map(|block| number(block.members.len() as u64)));
    header.push(9);
    for block in blocks {
        let but_last = block.members.len().saturating_sub(1);
        header.extend(block.members[..but_last].iter().flat_map(|(size, _)| number(*size)));
    }
    header.extend([0x0a, 1]);
    header.extend(blocks.iter().flat_map(|block| &block.members).flat_map(|(_, crc)| crc.to_le_bytes()));
    header.extend([0, 0]);
    header
}

fn property(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id][..], &number(body.len() as u64), body].concat()
}

pub(super) fn header_of(blocks: &[Block], entries: &[Entry]) -> Vec<u8> {
    let mut header = vec![1];
    if !blocks.is_empty() {
        header.push(4);
        header.extend(streams(blocks, 0));
    }
    header.push(5);
    header.extend(number(entries.len() as u64));
    let empty = || entries.iter().filter(|entry| entry.is_empty);
    header.extend(property(0x0e, &bits(entries.iter().map(|entry| entry.is_empty))));
    header.extend(property(0x0f, &bits(empty().map(|entry| !entry.is_directory))));
    header.extend(property(0x10, &bits(empty().map(|entry| entry.is_anti))));
    let names = entries.iter().flat_map(|entry| entry.name.iter().chain(&[0]));
    header.extend(property(
        0x11,
        &std::iter::once(0).chain(names.flat_map(|unit| unit.to_le_bytes())).collect::<Vec<_>>(),
    ));
    let attributes = entries.iter().flat_map(|entry| entry.attributes.to_le_bytes());
    header.extend(property(0x15, &[1, 0].into_iter().chain(attributes).collect::<Vec<_>>()));
    header.extend([0, 0]);
    header
}

pub(super) fn archive(blocks: &[Block], entries: &[Entry]) -> Vec<u8> {
    let packed: Vec<u8> = blocks.iter().flat_map(|block| block.packed.clone()).collect();
    sign(&packed, &header_of(blocks, entries))
}

/// The archive with its header packed as LZMA with these properties.
pub(super) fn packed_header(
    blocks: &[Block],
    entries: &[Entry],
    dictionary: u32,
    size: Option<u64>,
) -> Vec<u8> {
    let header = header_of(blocks, entries);
    let packed: Vec<u8> = blocks.iter().flat_map(|block| block.packed.clone()).collect();
    let mut properties = vec![0x5d];
    properties.extend(dictionary.to_le_bytes());
    let mut options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    options.dict_size(1 << 16);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma1(&options);
    let stream = liblzma::stream::Stream::new_raw_encoder(&filters).unwrap();
    let mut data = Vec::new();
    let mut encoder = liblzma::read::XzEncoder::new_stream(&header[..], stream);
    std::io::Read::read_to_end(&mut encoder, &mut data).unwrap();
    let own = Block {
        folder: coder(&[3, 1, 1], &properties),
        packed: data.clone(),
        size: size.unwrap_or(header.len() as u64),
        members: vec![(0, libdeflater::crc32(&header))],
    };
    let outer = [vec![0x17], streams(&[own], packed.len() as u64)].concat();
    sign(&[packed, data].concat(), &outer)
}
