//! What else lies in the folders of collections: thumbnails, desktop files, covers, read-me files. Makes names and bytes;
//! nothing here is MIDI, by name or by content.

use super::damage;
use super::random::Random;

/// A kind of clutter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clutter {
    DsStore,
    ThumbsDb,
    DesktopIni,
    Cover,
    ReadMe,
    AppleDouble,
}

impl Clutter {
    /// Every kind.
    pub(super) const ALL: [Self; 6] =
        [Self::DsStore, Self::ThumbsDb, Self::DesktopIni, Self::Cover, Self::ReadMe, Self::AppleDouble];

    /// The kind found beside the entry with this number.
    pub(super) fn beside(random: &mut Random) -> Self {
        random.weighted(&Self::ALL.map(|kind| (1, kind)), Self::AppleDouble)
    }

    /// Its path, beside a file with this folder (empty, or ending in `/`) and name.
    pub(super) fn path(self, folder: &str, file: &str) -> String {
        match self {
            Self::DsStore => format!("{folder}.DS_Store"),
            Self::ThumbsDb => format!("{folder}Thumbs.db"),
            Self::DesktopIni => format!("{folder}desktop.ini"),
            Self::Cover => format!("{folder}cover.jpg"),
            Self::ReadMe => format!("{folder}readme.txt"),
            Self::AppleDouble => format!("__MACOSX/{folder}._{file}"),
        }
    }

    /// Its bytes.
    pub(super) fn content(self, random: &mut Random) -> Vec<u8> {
        match self {
            Self::DsStore => [b"\0\0\0\x01Bud1\0\0\x10\0", random.bytes(500).as_slice()].concat(),
            Self::ThumbsDb => [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", random.bytes(1_500).as_slice()].concat(),
            Self::DesktopIni => b"[.ShellClassInfo]\r\nInfoTip=Music\r\nIconIndex=-237\r\n".to_vec(),
            Self::Cover => damage::jpeg(random, 3_000),
            Self::ReadMe => format!(
                "Thank you for downloading!\r\nThis pack has {} songs in General MIDI format.\r\n",
                random.between(10, 5_000)
            )
            .into_bytes(),
            Self::AppleDouble => damage::apple_double(random),
        }
    }
}
