//! A mapped archive that shrinks while it is read: no crash; its source is refused, and read again by the next import.

use fs_err as fs;
use loader::sample::Container;

use crate::harness::{TestDatabase, passable_directory};
use crate::program::{Program, is_long};
use crate::rows::{Rows, archive, assert_whole, number, reasons};

#[tokio::test]
async fn its_source_is_refused_and_read_again() {
    // A zip's tasks each wait for memory of their own. A tar's reader goes on until its rows fill the memory there is,
    // and that takes many.
    let cases = [(Container::Zip, 1_000, 26_000), (Container::Tar, 9_000, 500)];
    for (container, files, size) in &cases[..if is_long() { 2 } else { 1 }] {
        let folder = passable_directory();
        let path = archive(folder.path(), *container, 12, *files, *size);
        let whole = fs::read(&path).unwrap();
        let arguments = ["import", "--mmap", "always", "--memory", "1", "--max-entry-size", "4"];
        let arguments = arguments.iter().map(std::ffi::OsStr::new).chain([folder.path().as_os_str()]);
        let arguments: Vec<_> = arguments.collect();
        let undisturbed = TestDatabase::create().await;
        Program::on(&undisturbed, &arguments).run().expect(&[0]);
        let expected = Rows::of(&undisturbed.url).await;

        let database = TestDatabase::create().await;
        // The indexes are made before the table is locked.
        let nothing = passable_directory();
        Program::on(&database, ["import".as_ref(), nothing.path().as_os_str()]).run().expect(&[0]);
        // Writers wait for this transaction; then memory is used up, and the reader waits in the middle of the archive.
        let mut dam = database.connect().await;
        sqlx::raw_sql("BEGIN; LOCK TABLE files IN SHARE MODE").execute(&mut dam).await.unwrap();
        let mut running = Program::on(&database, &arguments).start();
        running.stands_before(&mut dam, 1).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(100_000).unwrap();
        sqlx::raw_sql("ROLLBACK").execute(&mut dam).await.unwrap();
        let ended = running.wait();
        assert_eq!(ended.signal, None, "it crashed: {}", ended.stderr);
        ended.expect(&[3]);
        assert_whole(&database.url, container.word()).await;
        let found = reasons(&database.url).await;
        assert_eq!(found.get("source_changed"), Some(&1), "{container}: {found:?}");
        let mut connection = database.connect().await;
        let failed = "SELECT count(*) FROM sources WHERE state = 'failed'";
        assert_eq!(
            number(&mut connection, failed).await,
            1,
            "{container}: the next import is to read it again"
        );

        fs::write(&path, &whole).unwrap();
        Program::on(&database, &arguments).run().expect(&[0]);
        assert_whole(&database.url, container.word()).await;
        let found = Rows::of(&database.url).await;
        for table in ["files", "musical_metadata", "file_locations", "rejects"] {
            expected.assert_same_in(table, &found, container.word());
        }
        assert_eq!(found.count("sources"), 1);
    }
}
