//! Storage that answers slowly: readers wait for it side by side, and the rows are the same.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::*;

/// Storage that takes its time to find a file, and tells what was asked of it.
#[derive(Clone, Default)]
struct Slow {
    delay: Duration,
    asked: Arc<Mutex<Vec<PathBuf>>>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

impl Slow {
    fn of(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }
}

impl Shelf for Slow {
    fn open(&self, path: &Path) -> std::io::Result<File> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        let at_once = self.at_once.fetch_add(1, Relaxed) + 1;
        self.most_at_once.fetch_max(at_once, Relaxed);
        std::thread::sleep(self.delay);
        self.at_once.fetch_sub(1, Relaxed);
        File::open(path)
    }
}

/// Imports a folder from there; the library, and how long it took.
async fn import_from(slow: &Slow, folder: &Path, variant: Variant) -> (MemoryLibrary, Duration) {
    let inputs = Inputs { roots: Some(Roots::resolve(&[folder.to_owned()]).unwrap()), ..Inputs::default() };
    let knowledge = Knowledge { sources: Arc::default(), contents: Arc::default() };
    let library = MemorySink::default();
    let sinks = (library.clone(), vec![library.clone(); variant.connections]);
    let (shelf, counters, stop) = (Box::new(slow.clone()), Arc::default(), Arc::default());
    let began = Instant::now();
    let pipeline = Pipeline::start_on(
        shelf,
        &settings(variant),
        inputs.into(),
        knowledge,
        variant.connections,
        counters,
        stop,
    );
    // As an import does: it decides when the walk is over, or has found enough.
    let pipeline = pipeline.unwrap();
    pipeline.survey(|_| false, Duration::from_mins(1)).await;
    pipeline.run(sinks).await.unwrap();
    (library.library().clone(), began.elapsed())
}

/// Bare files, each of another content.
fn write_bare(folder: &Path, count: u8) {
    for number in 0..count {
        let mut content =
            b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x0c\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0".to_vec();
        if let Some(key) = content.get_mut(24) {
            *key = number;
        }
        fs_err::write(folder.join(format!("{number:03}.mid")), content).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_wait_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    write_bare(folder.path(), 127);
    let delay = Duration::from_millis(15);
    let at_depth = |depth| Variant { access: AccessPolicy { depth, ..AHEAD }, ..USUAL };
    let (one, eight) = (Slow::of(delay), Slow::of(delay));
    let (expected, alone) = import_from(&one, folder.path(), at_depth(1)).await;
    let (found, together) = import_from(&eight, folder.path(), at_depth(8)).await;
    assert!(found == expected && expected.locations.len() == 127);
    assert_eq!(one.most_at_once.load(Relaxed), 1, "a device was asked for more than its depth");
    assert!((2..=8).contains(&eight.most_at_once.load(Relaxed)));
    // Eight jobs of up to 16 files: the ideal is 127 waits to 16. Machines that do much else meanwhile are allowed for.
    assert!(together * 2 < alone, "{together:?} with eight readers, {alone:?} with one");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_device_are_read_in_the_order_of_their_inodes() {
    let folder = tempfile::tempdir().unwrap();
    write_bare(folder.path(), 100);
    let slow = Slow::default();
    let access = AccessPolicy { depth: 1, ..AHEAD };
    import_from(&slow, folder.path(), Variant { access, ..USUAL }).await;
    let asked = slow.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let inode = |path: &PathBuf| FoundFile::look(path.clone()).unwrap().spot.unwrap().inode;
    assert_eq!(asked.len(), 100);
    assert!(asked.iter().map(inode).is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_reads_in_the_order_of_the_walk() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 300);
    write_divisible(folder.path());
    // An archive under another name, which only shows when it is read.
    let archive = folder.path().join("disguised.mid");
    let mut zip = zip::ZipWriter::new(fs_err::File::create(&archive).unwrap());
    zip.start_file("inside.mid", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0").unwrap();
    zip.finish().unwrap();
    let mut walked = Vec::new();
    Roots::resolve(&[folder.path().to_owned()]).unwrap().walk(|_, found| {
        if let crate::discover::Found::File(file) = found {
            walked.push(file.path);
        }
        std::ops::ControlFlow::Continue(())
    });
    let slow = Slow::default();
    import_from(&slow, folder.path(), Variant { jobs: 1, connections: 1, ..USUAL }).await;
    let mut asked = slow.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // Opened once to see what it is, and at once again as what it is.
    let twice = asked.iter().position(|path| *path == archive).unwrap();
    assert_eq!(asked.get(twice + 1), Some(&archive));
    asked.remove(twice);
    assert_eq!(asked, walked);
    assert_eq!(slow.most_at_once.load(Relaxed), 1);
}
