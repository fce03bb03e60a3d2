//! The pipeline from files on disk to a library in memory: the same rows whatever the threads, the batches and the
//! memory.

mod slow;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use super::*;
use crate::sample::{self, SampleOptions, SampleSummary};
use crate::sink::{Fault, FaultySink, MemoryLibrary, MemorySink};

/// How a run differs from the usual.
#[derive(Clone, Copy)]
struct Variant {
    jobs: usize,
    connections: usize,
    batch: usize,
    memory: usize,
    map_policy: MapPolicy,
    access: AccessPolicy,
}

/// Many readers wait for the storage.
const AHEAD: AccessPolicy = AccessPolicy { depth: 8, spares_heads: false, piece: 1 << 20, by_inode: true };

const USUAL: Variant = Variant {
    jobs: 2,
    connections: 2,
    batch: 3_200,
    memory: 512 << 20,
    map_policy: MapPolicy::Auto,
    access: AccessPolicy { depth: 0, spares_heads: true, piece: 1 << 20, by_inode: false },
};

fn settings(variant: Variant) -> PipelineSettings {
    PipelineSettings {
        run_id: 1,
        jobs: variant.jobs,
        memory: variant.memory,
        batch: BatchLimits { items: variant.batch, bytes: 8 << 20 },
        map_policy: variant.map_policy,
        access: variant.access,
        priority: Priority::default(),
        asked: Asked::default(),
        limits: Limits::default(),
    }
}

/// Imports a folder into `library`.
async fn import(folder: &Path, library: &MemorySink, variant: Variant) -> (Finished, Arc<Counters>) {
    let settings = settings(variant);
    let inputs = Inputs { roots: Some(Roots::resolve(&[folder.to_owned()]).unwrap()), ..Inputs::default() };
    let held = library.library();
    let known = held.sources.values().map(|source| {
        let is_complete = source.state == "complete";
        let (size_bytes, mtime_ns, entries) = (source.size_bytes, source.mtime_ns, source.entries);
        (source.id, KnownSource { size_bytes, mtime_ns, is_complete, entries, is_active: true })
    });
    let contents = Arc::new(SeenContents::default());
    for rows in held.files.values() {
        contents.know(&crate::digest::Digest::from_bytes(rows.file.digest));
    }
    let knowledge = Knowledge { sources: Arc::new(known.collect()), contents };
    let counters = Arc::new(Counters::default());
    let sinks = (library.clone(), vec![library.clone(); variant.connections]);
    let stop = Arc::new(Stop::default());
    let pipeline =
        Pipeline::start(&settings, inputs, knowledge, variant.connections, Arc::clone(&counters), stop)
            .unwrap();
    let run = tokio::time::timeout(Duration::from_mins(2), pipeline.run(sinks));
    let finished = run.await.expect("the run does not end: a deadlock").unwrap();
    (finished, counters)
}

/// Every item met is stored or accounted for, source by source and in all.
fn check_account(library: &MemoryLibrary, counters: &Counters) {
    for source in library.sources.values() {
        let places = library.locations.range((source.id, 0)..=(source.id, i64::MAX)).count();
        let refusals = library.rejects.range((source.id, 0)..=(source.id, i64::MAX)).count();
        let accounted = i64::try_from(places + refusals).unwrap() + source.not_midi;
        assert_eq!(source.entries, accounted, "{} does not balance", source.path);
        assert_ne!(source.state, "loading", "{} is unfinished", source.path);
    }
    let counted = counters.snapshot();
    assert_eq!(counted.seen, counted.done(), "{counted:?}");
}

fn sample(folder: &Path, files: u64) -> SampleSummary {
    let options = SampleOptions {
        files,
        mean_size: 3_000,
        duplicates: 0.2,
        damaged: 0.1,
        clutter: 0.1,
        files_per_archive: 40,
        ..SampleOptions::default()
    };
    sample::write(&options, folder).unwrap()
}

/// Archives that fall into parts or pieces: solid and single blocks of 7z, blocks of bzip2 and xz, Zstandard frames.
fn write_divisible(folder: &Path) {
    let files = |seed: u64, count: u64| -> Vec<(String, Vec<u8>)> {
        (0..count).map(|index| (format!("{index}.mid"), sample::midi(seed, index, 9_000))).collect()
    };
    let write = |name: &str, content: &[u8]| fs_err::write(folder.join(name), content).unwrap();
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(&tar(&files(21, 300))).unwrap();
    write("blocks.tar.bz2", &encoder.finish().unwrap());
    let stream = liblzma::stream::MtStreamBuilder::new().preset(1).block_size(256 << 10).threads(2).encoder();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream.unwrap());
    encoder.write_all(&tar(&files(22, 300))).unwrap();
    write("blocks.tar.xz", &encoder.finish().unwrap());
    let frames = tar(&files(23, 300));
    let frames = frames.chunks(200 << 10).flat_map(|frame| zstd::bulk::compress(frame, 1).unwrap());
    write("frames.tar.zst", &frames.collect::<Vec<_>>());
    for (name, together) in [("solid.7z", 20), ("single.7z", 1)] {
        let mut writer = sevenz_rust2::ArchiveWriter::create(folder.join(name)).unwrap();
        for group in files(24, 60).chunks(together) {
            let entries: Vec<_> =
                group.iter().map(|(name, _)| sevenz_rust2::ArchiveEntry::new_file(name)).collect();
            let contents: Vec<sevenz_rust2::SourceReader<_>> =
                group.iter().map(|(_, content)| content.as_slice().into()).collect();
            writer.push_archive_entries(entries, contents).unwrap();
        }
        writer.finish().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_whatever_the_threads_batches_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let summary = sample(folder.path(), 600);
    write_divisible(folder.path());
    let undisturbed = MemorySink::default();
    let (_, counters) = import(folder.path(), &undisturbed, USUAL).await;
    let expected = undisturbed.library();
    check_account(&expected, &counters);
    let entries: i64 = expected.sources.values().map(|source| source.entries).sum();
    assert_eq!(entries.unsigned_abs(), summary.total.entries + 3 * 300 + 2 * 60);
    assert!(counters.duplicate.load(Relaxed) > 0 && counters.rejected.load(Relaxed) > 0);

    for variant in [
        Variant { jobs: 1, connections: 1, ..USUAL },
        Variant { jobs: 8, connections: 3, ..USUAL },
        Variant { batch: 1, ..USUAL },
        Variant { batch: 7, memory: 1, ..USUAL },
        Variant { map_policy: MapPolicy::Always, ..USUAL },
        Variant { map_policy: MapPolicy::Never, ..USUAL },
        Variant { jobs: 1, memory: 1, ..USUAL },
        Variant { access: AHEAD, map_policy: MapPolicy::Last, ..USUAL },
        Variant { access: AHEAD, map_policy: MapPolicy::Last, memory: 1, batch: 7, ..USUAL },
        Variant { access: AHEAD, map_policy: MapPolicy::Last, jobs: 1, ..USUAL },
    ] {
        let library = MemorySink::default();
        let (_, counters) = import(folder.path(), &library, variant).await;
        check_account(&library.library(), &counters);
        assert!(
            library.library() == expected,
            "other rows with {} jobs, batches of {}",
            variant.jobs,
            variant.batch
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 200);
    write_divisible(folder.path());
    let library = MemorySink::default();
    import(folder.path(), &library, USUAL).await;
    let first = library.library();
    let (finished, counters) = import(folder.path(), &library, USUAL).await;
    assert!(library.library() == first);
    assert_eq!(counters.inserted.load(Relaxed) + counters.duplicate.load(Relaxed), 0);
    assert!(finished.survey.skipped_entries > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_run_left_out_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 300);
    write_divisible(folder.path());
    let undisturbed = MemorySink::default();
    import(folder.path(), &undisturbed, USUAL).await;
    let expected = undisturbed.library();
    // As after a kill: some places and refusals never arrived, and their archives are not complete.
    for every in 2..5 {
        let partial = MemorySink::default();
        partial.change(|library| {
            *library = expected.clone();
            let mut number = 0;
            library.locations.retain(|_, _| {
                number += 1;
                number % every != 0
            });
            library.rejects.retain(|_, _| {
                number += 1;
                number % every != 0
            });
            let kept: std::collections::BTreeSet<_> =
                library.locations.values().map(|place| place.file_id).collect();
            library.files.retain(|id, _| kept.contains(id));
            library.sources.values_mut().for_each(|source| source.state = "loading");
        });
        let (_, counters) = import(folder.path(), &partial, USUAL).await;
        check_account(&partial.library(), &counters);
        assert!(partial.library() == expected);
    }
}

/// A zip of zips: 64 archives inside one, with a budget that has room for none of them.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_nested_archives_and_a_budget_of_one_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut outer = Vec::new();
    for number in 0..64_u64 {
        let files: Vec<_> = (0..4)
            .map(|index| (format!("{index}.mid"), sample::midi(1, number * 4 + index, 2_000)))
            .collect();
        let nested = tar_gz(&files);
        outer.push((format!("{number}.tar.gz"), nested));
    }
    fs_err::write(folder.path().join("outer.tar.gz"), tar_gz(&outer)).unwrap();
    let library = MemorySink::default();
    let variant = Variant { memory: 1, jobs: 4, batch: 3, ..USUAL };
    let (_, counters) = import(folder.path(), &library, variant).await;
    let library = library.library();
    check_account(&library, &counters);
    assert_eq!(library.files.len(), 256);
    let ordinals: Vec<_> = library.locations.keys().map(|(_, ordinal)| *ordinal).collect();
    let expected: Vec<_> =
        (1..=64).flat_map(|member| (0..4).map(move |entry| member * 1_000_000_000 + entry)).collect();
    assert_eq!(ordinals, expected);
    assert!(library.locations.values().all(|place| place.entry_path.as_ref().unwrap().contains(".tar.gz!/")));
}

fn tar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn tar_gz(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar(members)).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_sources_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::create_dir(path("x.mid")).unwrap();
    fs_err::write(path("picture.mid"), b"\xff\xd8\xff\xe0\0\x10JFIF").unwrap();
    fs_err::write(path("empty.mid"), b"").unwrap();
    fs_err::write(path("no extension"), sample::midi(1, 1, 500)).unwrap();
    fs_err::write(path("SHOUTED.MID"), sample::midi(1, 2, 500)).unwrap();
    fs_err::write(path("read me.txt"), b"hello").unwrap();
    fs_err::write(path("._double.mid"), b"\0\x05\x16\x07").unwrap();
    fs_err::write(path("set.arj"), b"\x60\xea\x29\0\x1e\x07").unwrap();
    fs_err::write(path("cut.zip"), b"PK\x03\x04").unwrap();
    fs_err::write(path("really midi.zip"), sample::midi(1, 3, 500)).unwrap();
    let library = MemorySink::default();
    let (_, counters) = import(folder.path(), &library, USUAL).await;
    let library = library.library();
    check_account(&library, &counters);
    assert_eq!(library.files.len(), 3);
    let name_of = |id: i64| library.sources[&id].path.rsplit('/').next().unwrap().to_owned();
    let mut rejects: Vec<_> =
        library.rejects.iter().map(|((source, _), reject)| (name_of(*source), reject.reason)).collect();
    rejects.sort();
    let expected = [
        ("cut.zip", "zip_damaged"),
        ("empty.mid", "midi_empty"),
        ("picture.mid", "not_midi_content"),
        ("set.arj", "unsupported_format"),
    ];
    assert_eq!(rejects, expected.map(|(name, reason)| (name.to_owned(), reason)));
    assert_eq!(library.sources.len(), 9);
    assert_eq!(counters.not_midi.load(Relaxed), 2);
}

/// A stream that panics after so many bytes, as a decoder with a defect would.
struct Panicking<'t>(&'t [u8]);

impl std::io::Read for Panicking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "the defect that this test is about");
        self.0.read(buffer)
    }
}

/// A run in which nothing but a tar, which is no file, is to be read.
fn begun(settings: &PipelineSettings) -> (Pipeline, MemorySink, Arc<Counters>) {
    let knowledge = Knowledge { sources: Arc::default(), contents: Arc::new(SeenContents::default()) };
    let (counters, stop) = (Arc::new(Counters::default()), Arc::new(Stop::default()));
    let pipeline =
        Pipeline::start(settings, Inputs::default(), knowledge, 1, Arc::clone(&counters), stop).unwrap();
    (pipeline, MemorySink::default(), counters)
}

/// Reads the tar, to its end or as far as it goes.
fn read_tar(context: &Arc<Context>, tar: impl std::io::Read) {
    let unseen = crate::discover::FoundFile::unseen("/some.tar".into());
    let file = crate::discover::FoundFile { size: 9, mtime_ns: 1, ..unseen };
    let row = reader::source_row(context, &file, "tar", crate::record::SourceState::Loading);
    let resume = context.register(row).unwrap();
    let named = (file.id().0, "/some.tar".to_owned());
    let share = reading::Reading::begin(named, "tar", Some(9), false, resume, &context.limits);
    let read = sequential::read_in_order(context, share.another(), |traversal| {
        let container = crate::format::Container::Tar(crate::format::Compression::None);
        let (spot, mut numbers) = Default::default();
        traversal.read_decoded(container, tar, b"some.tar", &spot, &mut numbers)
    });
    match read {
        Ok(()) => {}
        Err(crate::archive::traverse::Stopped::Refused(refusal)) => {
            reader::refuse_reading(context, share.reading(), refusal, false);
        }
        Err(stopped) => panic!("{stopped:?}"),
    }
    share.finish(context);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_a_reader_is_recorded_and_what_came_before_is_kept() {
    let mut tar = tar::Builder::new(Vec::new());
    for number in 0..3 {
        let content = sample::midi(1, number, 2_000);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, format!("{number}.mid"), content.as_slice()).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let (pipeline, library, counters) = begun(&settings(USUAL));
    let context = Arc::clone(&pipeline.context);
    let reading = move || read_tar(&context, Panicking(tar.get(..tar.len() - 3_000).unwrap()));
    tokio::task::spawn_blocking(reading).await.unwrap();
    pipeline.run((library.clone(), vec![library.clone()])).await.unwrap();
    let library = library.library();
    check_account(&library, &counters);
    assert_eq!(library.files.len(), 2, "what was collected before the panic is kept");
    let reasons: Vec<_> = library.rejects.iter().map(|((_, at), reject)| (*at, reject.reason)).collect();
    assert_eq!(reasons, [(-1, "reader_panicked"), (2, "reader_panicked")]);
}

/// While the database takes nothing, no more is read than there is memory for, be it nothing but refusals.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_wait_for_memory() {
    const MEMBERS: usize = 60_000;
    let mut tar = tar::Builder::new(Vec::new());
    for number in 0..MEMBERS {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, format!("{number}.mid"), &b""[..]).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let mut settings = settings(Variant { memory: 1 << 20, ..USUAL });
    settings.limits.entry_size = 1 << 20;
    let (pipeline, library, counters) = begun(&settings);
    let context = Arc::clone(&pipeline.context);
    let reading = tokio::task::spawn_blocking(move || read_tar(&context, tar.as_slice()));
    let (seen, mut before) = (|| usize::try_from(counters.seen.load(Relaxed)).unwrap(), 0);
    let waits = async {
        while before < 1_000 || seen() != before {
            before = seen();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waits).await.expect("it reads on, or not at all");
    assert!(before < MEMBERS / 2, "{before} entries were read");
    let (ended, read) = tokio::join!(pipeline.run((library.clone(), vec![library.clone()])), reading);
    ended.unwrap();
    read.unwrap();
    let library = library.library();
    assert_eq!(library.rejects.len(), MEMBERS);
    check_account(&library, &counters);
}

/// What fails between the start of a pipeline and its run leaves no thread behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_given_up_ends_its_walk() {
    // More than may wait for being read, each a task's worth.
    let large = |number: u64| {
        let unseen = crate::discover::FoundFile::unseen(format!("/{number}.mid").into());
        crate::discover::FoundFile { size: 8 << 20, ..unseen }
    };
    let inputs = Inputs { files: (0..6_000).map(large).collect(), ..Inputs::default() };
    let knowledge = Knowledge { sources: Arc::default(), contents: Arc::new(SeenContents::default()) };
    let (counters, stop) = (Arc::new(Counters::default()), Arc::new(Stop::default()));
    let pipeline =
        Pipeline::start(&settings(USUAL), inputs, knowledge, 1, counters, Arc::clone(&stop)).unwrap();
    let survey = pipeline.survey(|survey| survey.new_sources > 4_096, Duration::from_mins(1)).await;
    assert!(!survey.ended, "the walk waits for readers");
    let context = Arc::downgrade(&pipeline.context);
    drop(pipeline);
    let gone = async {
        while context.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.expect("the walk does not end");
    assert!(!stop.is_asked(), "the next run of a watch is not stopped");
}

/// What was refused while the run failed is not left out of a source that is called complete.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_run_that_fails_keep_their_source_open() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    tar.append_data(&mut header, "nothing.mid", &b""[..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let mut settings = settings(USUAL);
    // Refused for its name, before there would be memory for its content.
    settings.limits.name = 3;
    let (pipeline, library, _) = begun(&settings);
    let context = Arc::clone(&pipeline.context);
    context.budget.close();
    let reading = move || read_tar(&context, tar.as_slice());
    tokio::task::spawn_blocking(reading).await.unwrap();
    let full = Fault::FailCall(1, crate::sink::SinkErrorKind::DiskFull);
    let sink = |faults| FaultySink::new(library.clone(), faults);
    assert!(pipeline.run((sink(Vec::new()), vec![sink(vec![full])])).await.is_err());
    let library = library.library();
    assert_eq!(library.rejects.len(), 0);
    assert!(library.sources.values().all(|source| source.state == "loading"), "{:?}", library.sources);
}
