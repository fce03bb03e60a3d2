//! Other people's archivers pack, list and unpack; an import has to find the same entries, of the same sizes and contents.
//!
//! The archivers are installed by `scripts/test-tools.sh`, which is called where one is missing. Without them the tests
//! fail, unless `LOADER_TOOLS=none` says that they are not wanted.

mod listing;
mod packing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fs_err as fs;
use loader::digest::Digest;
use loader::sample;

use self::listing::{Lister, Listing};
use crate::harness::{TestDatabase, connect_to, passable_directory};
use crate::hostile::forge::{lzh_end, lzh_member};
use crate::program::Program;

const TOOLS: [&str; 10] = ["bsdtar", "7z", "zip", "unzip", "lha", "unar", "bzip2", "xz", "lz4", "zstd"];

/// Whether the archivers are here; installs them where they are not.
fn has_tools() -> bool {
    if std::env::var_os("LOADER_TOOLS").is_some_and(|value| value == "none") {
        eprintln!("NOT TESTED: other archivers' listings, because of LOADER_TOOLS=none");
        return false;
    }
    let is_missing = |tool: &&str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        !std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
    };
    if TOOLS.iter().any(is_missing) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test-tools.sh");
        let installed = Command::new(script).status().expect("the script is there");
        assert!(installed.success(), "the archivers cannot be installed; LOADER_TOOLS=none does without");
        let missing: Vec<_> = TOOLS.iter().filter(|tool| is_missing(tool)).collect();
        assert!(missing.is_empty(), "still missing after the installation: {missing:?}");
    }
    true
}

/// Runs an archiver in a folder.
fn tool(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What an import stored of an archive: each place with its size and its digest.
async fn stored(database: &TestDatabase, archive: &Path) -> BTreeMap<String, (u64, Vec<u8>)> {
    let rows: Vec<(String, i32, Vec<u8>)> = sqlx::query_as(
        "SELECT entry_path, f.size_bytes, digest FROM file_locations l
           JOIN sources s ON s.id = l.source_id JOIN files f ON f.id = l.file_id WHERE s.path = $1",
    )
    .bind(archive.to_string_lossy())
    .fetch_all(&mut connect_to(&database.url).await)
    .await
    .unwrap();
    let count = rows.len();
    let places: BTreeMap<_, _> =
        rows.into_iter().map(|(path, size, digest)| (path, (u64::try_from(size).unwrap(), digest))).collect();
    assert_eq!(places.len(), count, "{}: a path twice", archive.display());
    places
}

/// What a folder holds that is MIDI by its name: path, size, digest.
fn unpacked(folder: &Path) -> BTreeMap<String, (u64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "mid") {
                let content = fs::read(&path).unwrap();
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, (content.len() as u64, Digest::of(&content).as_bytes().to_vec()));
            }
        }
    }
    found
}

/// Imports a folder of archives, and compares each with how the others list and unpack it; the library that they are in.
async fn compare(archives: &Path, listers: &[(PathBuf, Vec<Lister>)]) -> TestDatabase {
    let database = TestDatabase::create().await;
    let imported = Program::on(&database, ["import".as_ref(), archives.as_os_str()]).run();
    let mut failures = Vec::new();
    if imported.code != Some(0) {
        let rejects = Program::on(&database, ["rejects"]).run().stdout;
        let first: Vec<_> = rejects.lines().take(20).collect();
        failures.push(format!(
            "the import ends with {:?}:\n{}{}",
            imported.code,
            imported.stderr,
            first.join("\n")
        ));
    }
    for (archive, listers) in listers {
        let found = stored(&database, archive).await;
        let sizes: Listing = found.iter().map(|(path, (size, _))| (path.clone(), *size)).collect();
        for lister in listers {
            let listed = lister.list(archive);
            if listed != sizes {
                failures.push(format!(
                    "{} by {lister:?}:\n{}",
                    archive.display(),
                    difference(&listed, &sizes)
                ));
            }
            let folder = passable_directory();
            lister.unpack(archive, folder.path());
            if unpacked(folder.path()) != found {
                failures.push(format!("{}: {lister:?} unpacks something else", archive.display()));
            }
        }
        assert!(!listers.is_empty());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    database
}

fn difference(listed: &Listing, found: &Listing) -> String {
    let only = |one: &Listing, other: &Listing| {
        one.iter()
            .filter(|(name, size)| other.get(*name) != Some(size))
            .take(5)
            .map(|it| format!("{it:?}"))
            .collect::<Vec<_>>()
    };
    format!(
        "{} are listed and {} stored; listed only {:?}, stored only {:?}",
        listed.len(),
        found.len(),
        only(listed, found),
        only(found, listed)
    )
}

/// The archiver's tests write what they pack here: pieces in folders, with names that need care, and what is no MIDI.
fn pieces(folder: &Path) {
    let long = "a folder with a long name, as collections have them, ".repeat(3);
    let names = [
        "plain.mid",
        "with space.mid",
        "ünïcödé ♪.mid",
        "月の光.mid",
        "brackets [1] (2) {3}.mid",
        "it's \"quoted\".mid",
        "-dash.mid",
        "deep/er/and/deeper/x.mid",
        "deep/x.mid",
        &format!("{}/x.mid", long.trim()),
    ];
    for (index, name) in (0..).zip(names) {
        let path = folder.join("songs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, sample::midi(21, index, 500 + 900 * usize::try_from(index).unwrap())).unwrap();
    }
    // Enough for several blocks.
    for index in 0..120 {
        fs::create_dir_all(folder.join("songs/many")).unwrap();
        fs::write(folder.join(format!("songs/many/{index}.mid")), sample::midi(22, index, 6_000)).unwrap();
    }
    fs::write(folder.join("songs/readme.txt"), "no music").unwrap();
    fs::create_dir_all(folder.join("songs/empty")).unwrap();
}

/// Packs the pieces in each of these ways and compares.
async fn pack_and_compare(packings: &[packing::Packing]) {
    if !has_tools() {
        return;
    }
    let folder = passable_directory();
    pieces(folder.path());
    let archives = folder.path().join("archives");
    fs::create_dir(&archives).unwrap();
    let mut listers = Vec::new();
    for packing in packings {
        let archive = archives.join(packing.file);
        packing.pack(folder.path(), &archive);
        listers.push((archive, packing.listers.to_vec()));
    }
    compare(&archives, &listers).await;
}

#[tokio::test]
async fn zips() {
    pack_and_compare(&packing::ZIPS).await;
}

#[tokio::test]
async fn zips_by_other_methods() {
    pack_and_compare(&packing::ZIP_METHODS).await;
}

#[tokio::test]
async fn tars() {
    pack_and_compare(&packing::TARS).await;
}

#[tokio::test]
async fn tars_by_other_compressors() {
    pack_and_compare(&packing::TAR_COMPRESSORS).await;
}

#[tokio::test]
async fn seven_zips() {
    pack_and_compare(&packing::SEVEN_ZIPS).await;
}

#[tokio::test]
async fn single_files() {
    if !has_tools() {
        return;
    }
    let folder = passable_directory();
    let archives = folder.path().join("archives");
    fs::create_dir(&archives).unwrap();
    let compressors: [(&str, &[&str], &str); 6] = [
        ("gzip", &["-9"], "gz"),
        ("bzip2", &["-9"], "bz2"),
        ("xz", &["-6"], "xz"),
        ("xz", &["--format=lzma"], "lzma"),
        ("zstd", &["-q"], "zst"),
        ("lz4", &["-q", "-m"], "lz4"),
    ];
    let mut expected = BTreeMap::new();
    for (index, (program, options, extension)) in (0..).zip(compressors) {
        let content = sample::midi(23, index, 20_000);
        let name = format!("piece-{extension}.mid");
        fs::write(archives.join(&name), &content).unwrap();
        tool(&archives, program, &[options, &[&name]].concat());
        let packed = archives.join(format!("{name}.{extension}"));
        assert!(packed.is_file(), "{program} made no {}", packed.display());
        let _ = fs::remove_file(archives.join(&name));
        // What the compressor itself makes of it again.
        let decoded = tool(&archives, program, &["-d", "-c", packed.to_str().unwrap()]).stdout;
        assert_eq!(decoded, content);
        expected.insert(packed, (name, content));
    }
    let database = TestDatabase::create().await;
    Program::on(&database, ["import".as_ref(), archives.as_os_str()]).run().expect(&[0]);
    for (packed, (name, content)) in expected {
        let digest = Digest::of(&content).as_bytes().to_vec();
        let whole = BTreeMap::from([(name, (content.len() as u64, digest))]);
        assert_eq!(stored(&database, &packed).await, whole, "{}", packed.display());
    }
}

#[tokio::test]
async fn rars() {
    if !has_tools() {
        return;
    }
    let folder = passable_directory();
    let originals = passable_directory();
    fs::create_dir(originals.path().join("songs")).unwrap();
    let mut listers = Vec::new();
    let mut packed = Vec::new();
    for (version, solid, store, file) in [
        (::rars::ArchiveVersion::Rar29, false, true, "four-stored.rar"),
        (::rars::ArchiveVersion::Rar50, false, true, "five-stored.rar"),
        (::rars::ArchiveVersion::Rar29, false, false, "four.rar"),
        (::rars::ArchiveVersion::Rar50, false, false, "five.rar"),
        (::rars::ArchiveVersion::Rar50, true, false, "five-solid.rar"),
    ] {
        let is_old = version == ::rars::ArchiveVersion::Rar29;
        let mut builder = ::rars::Builder::new(version).solid(solid).store(store);
        for index in 0..40 {
            let (name, content) = (format!("songs/{index}.mid"), sample::midi(24, index, 4_000));
            fs::write(originals.path().join(&name), &content).unwrap();
            let name = if is_old { name.replace('/', "\\") } else { name };
            builder.add_bytes(name.into_bytes(), content, None, None).unwrap();
        }
        let archive = folder.path().join(file);
        // What closes an archive, which the writer of the old ones leaves out.
        let mark: &[u8] = if is_old { b"\xc4\x3d\x7b\0\x40\x07\0" } else { b"" };
        fs::write(&archive, [&builder.to_bytes().unwrap(), mark].concat()).unwrap();
        if store {
            listers.push((archive, vec![Lister::Unar, Lister::Bsdtar]));
        } else {
            packed.push(archive);
        }
    }
    let database = compare(folder.path(), &listers).await;
    // Nobody packs RAR but its maker's program, which is not free. What the crate packs is listed by others, and not
    // always unpacked by them; here its contents are compared with what was packed.
    let originals = unpacked(originals.path());
    for archive in packed {
        let found = stored(&database, &archive).await;
        assert_eq!(found, originals, "{}", archive.display());
        let sizes: Listing = found.into_iter().map(|(path, (size, _))| (path, size)).collect();
        for lister in [Lister::Unar, Lister::Bsdtar] {
            assert_eq!(lister.list(&archive), sizes, "{lister:?}: {}", archive.display());
        }
    }
}

#[tokio::test]
async fn lzhs() {
    if !has_tools() {
        return;
    }
    let folder = passable_directory();
    let mut listers = Vec::new();
    for level in 0..3 {
        let mut bytes = Vec::new();
        for index in 0..20 {
            let name = format!("{level}-{index}.mid");
            bytes.extend(lzh_member(level, b"-lh0-", name.as_bytes(), &sample::midi(25, index, 3_000)));
        }
        bytes.extend(lzh_end());
        let archive = folder.path().join(format!("level-{level}.lzh"));
        fs::write(&archive, bytes).unwrap();
        listers.push((archive, vec![Lister::Lha, Lister::Bsdtar, Lister::Unar]));
    }
    compare(folder.path(), &listers).await;
}
