//! How a 7z begins.
//!
//! Constants only.

/// Bytes before the packed data.
pub(super) const SIGNATURE_HEADER: u64 = 32;
/// The magic bytes.
pub(super) const SIGNATURE: &[u8] = b"7z\xbc\xaf\x27\x1c";
