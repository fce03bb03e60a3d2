//! Archives nested in archives, more deeply than is allowed.

use super::forge::{Zip, gzip, piece, tar_of};
use super::{Case, run};

/// Archives around a piece, the innermost first; each level holds the one below and a piece of its own.
fn nested(levels: u64, first: u64, wrap: impl Fn(&[u8], &[u8]) -> Vec<u8>, innermost: Vec<u8>) -> Vec<u8> {
    (1..levels).fold(innermost, |inner, level| wrap(&inner, &piece(first + level)))
}

#[tokio::test]
async fn deeper_than_allowed() {
    let zip =
        |inner: &[u8], own: &[u8]| Zip::default().deflate("in.zip", inner).store("own.mid", own).finish();
    let tarball = |inner: &[u8], own: &[u8]| gzip(&tar_of(&[("in.tgz", inner), ("own.mid", own)]));
    let gz = |inner: &[u8], _: &[u8]| gzip(inner);
    let zips = |levels| nested(levels, 500, zip, Zip::default().store("own.mid", &piece(500)).finish());
    let tarballs = |levels| nested(levels, 520, tarball, gzip(&tar_of(&[("own.mid", &piece(520))])));
    let paths = |inner: &str, levels: usize| -> Vec<String> {
        (0..levels).map(|level| format!("{}own.mid", format!("{inner}!/").repeat(level))).collect()
    };
    let many = nested(200, 540, gz, gzip(&piece(540)));
    run(vec![
        Case::new("five.zip", zips(5)).keeps(paths("in.zip", 5)),
        Case::new("six.zip", zips(6))
            .keeps(paths("in.zip", 5))
            .refuses([(["in.zip"; 5].join("!/"), "limit_depth")]),
        Case::new("two-of-three.zip", zips(3))
            .with(&["--max-depth", "1"])
            .keeps(paths("in.zip", 2))
            .refuses([("in.zip!/in.zip", "limit_depth")]),
        Case::new("five.tgz", tarballs(5)).keeps(paths("in.tgz", 5)),
        Case::new("six.tgz", tarballs(6))
            .keeps(paths("in.tgz", 5))
            .refuses([(["in.tgz"; 5].join("!/"), "limit_depth")]),
        Case::new("two-hundred.gz", many).refuses_counts(&[("limit_depth", 1)]),
    ])
    .await;
}
