//! LZH: stored members with headers of level 0, 1 and 2, cut, damaged, and of methods that are not read.

use super::forge::{lzh_end, lzh_member, piece};
use super::{Case, WHOLE, run};

#[tokio::test]
async fn headers_of_each_level() {
    let mut cases = Vec::new();
    for level in 0..3 {
        let first = 1_100 + u64::from(level) * 20;
        let member = |name: &str, number: u64| lzh_member(level, b"-lh0-", name.as_bytes(), &piece(number));
        let [a, b, c] = [member("a.mid", first), member("b.mid", first + 1), member("c.mid", first + 2)];
        let whole = [&a[..], &b, &c, lzh_end()].concat();
        let case = |what: &str, bytes: Vec<u8>| Case::new(&format!("level-{level}-{what}.lzh"), bytes);
        let mut flipped = whole.clone();
        // In b's content.
        flipped[a.len() + b.len() - 10] ^= 0xff;
        let unknown = lzh_member(level, b"-lhx-", b"x.mid", &piece(first + 3));
        let foreign = lzh_member(level, b"-lh0-", b"\x83\x5c\x83\x69\x83\x5e.mid", &piece(first + 4));
        cases.extend([
            case("whole", whole.clone()).keeps(["a.mid", "b.mid", "c.mid"]),
            case("no-end", [&a[..], &b].concat()).keeps(["a.mid", "b.mid"]),
            case("flipped", flipped).keeps(["a.mid", "c.mid"]).refuses([("b.mid", "archive_damaged")]),
            case("in-content", whole[..a.len() + b.len() - 100].to_vec())
                .keeps(["a.mid"])
                .refuses([("b.mid", "archive_truncated"), (WHOLE, "archive_truncated")]),
            case("in-header", whole[..a.len() + 12].to_vec())
                .keeps(["a.mid"])
                .refuses([(WHOLE, "archive_truncated")]),
            case("unknown", [&a[..], &unknown, &c, lzh_end()].concat())
                .keeps(["a.mid", "c.mid"])
                .refuses_between_any(1, 1, &["unsupported_method", "archive_damaged"]),
            case("foreign", [&foreign[..], lzh_end()].concat()).keeps(["ソナタ.mid"]),
        ]);
    }
    run(cases).await;
}

#[tokio::test]
async fn sizes_that_lie() {
    let content = piece(1_170);
    let mut huge = lzh_member(0, b"-lh0-", b"huge.mid", &content);
    // The content's size, and the header's checksum over it.
    huge[11..15].copy_from_slice(&(3_u32 << 30).to_le_bytes());
    huge[1] = huge[2..2 + usize::from(huge[0])].iter().fold(0, |sum, byte| sum.wrapping_add(*byte));
    let bytes = [&huge[..], &lzh_member(0, b"-lh0-", b"next.mid", &piece(1_171)), lzh_end()].concat();
    run(vec![
        Case::new("huge.lzh", bytes).keeps(["next.mid"]).refuses_between_any(
            1,
            1,
            &["limit_entry_size", "limit_ratio"],
        ),
        Case::new("text.lzh", b"no archive".repeat(60)).refuses_between_any(1, 1, &["archive_damaged"]),
    ])
    .await;
}
