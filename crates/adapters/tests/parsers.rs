//! What holds for every parser, whatever comes: no panic, bounded memory, and the same facts in whatever pieces the
//! output arrives.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use adapters::parse::{Fact, LINE_LIMIT, Reader, Stream};
use adapters::verdict::Tool;
use proptest::prelude::*;

const TOOLS: [Tool; 7] =
    [Tool::Rsync, Tool::Rclone, Tool::Restic, Tool::Borg, Tool::Unison, Tool::Git, Tool::Other];

fn facts(tool: Tool, pieces: &[(Stream, Vec<u8>)]) -> Vec<Fact> {
    let (mut reader, mut facts) = (Reader::new(tool.parser()), Vec::new());
    for (from, bytes) in pieces {
        reader.read(*from, bytes, &mut facts);
    }
    reader.end(&mut facts);
    facts
}

/// Bytes that look like what tools print, broken in all ways.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let snippets: Vec<&'static [u8]> = vec![
        b"\n",
        b"\r",
        b"\x1b[",
        b"\x1b]9;4;1;50\x07",
        b"\x1b]9;4;",
        b"\x1b\\",
        b"{",
        b"}",
        b"\"",
        b"%",
        b"(",
        b")",
        b"/",
        b" -> ",
        b": ",
        b"\xff\xfe",
        b"*deleting ",
        b">f+++++++++ ",
        b"rsync error: ",
        b"rsync: ",
        b"file has vanished: ",
        b"{\"message_type\":\"status\",\"percent_done\":0.5}",
        b"{\"message_type\":\"error\",\"error\":{},\"item\":\"x\"}",
        b"{\"level\":\"error\",\"msg\":\"",
        b"\",\"object\":\"x\"}",
        b"{\"type\":\"log_message\",",
        b"\"levelname\":\"ERROR\"",
        b"Receiving objects:  45% (450/1000)",
        b" ! [rejected] ",
        b"CONFLICT (content): Merge conflict in ",
        b"Synchronization complete",
        b"  skipped: x (both sides",
        b"failed: ",
        b"[END] Copying x",
        b"100%  00:00 ETA",
        b"12,345  10%  1MB/s 0:00:01",
        b"Number of created files: ",
        b"99999999999999999999999",
        b"\xc3\xa9",
        b"-1",
        b"1e999",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(snippets).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_output_in_any_pieces_gives_the_same_facts(bytes in output(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6)) {
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<_> = at.windows(2).map(|cut| (Stream::Err, bytes[cut[0]..cut[1]].to_vec())).collect();
        for tool in TOOLS {
            prop_assert_eq!(facts(tool, &pieces), facts(tool, &[(Stream::Err, bytes.clone())]), "{:?}", tool);
        }
    }

    #[test]
    fn a_bar_never_goes_beyond_its_end_by_parsing_a_percentage(bytes in output()) {
        for fact in facts(Tool::Other, &[(Stream::Out, bytes.clone())]) {
            if let Fact::Bar { step, max: 100 } = fact {
                prop_assert!(step <= 100);
            }
        }
    }
}

#[test]
fn lines_of_both_outputs_are_not_mixed() {
    let pieces = [
        (Stream::Out, b"*deleting  o".to_vec()),
        (Stream::Err, b"*deleting  e".to_vec()),
        (Stream::Out, b"ne\n".to_vec()),
    ];
    let paths: Vec<String> = facts(Tool::Rsync, &pieces)
        .into_iter()
        .map(|fact| match fact {
            Fact::Did { path, .. } => path,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(paths, ["one", "e"]);
}

#[test]
fn an_endless_line_is_cut_and_the_next_one_is_read() {
    let mut bytes = b"*deleting ".to_vec();
    bytes.extend(vec![b'x'; LINE_LIMIT * 4]);
    bytes.extend(b"\n*deleting  short\n");
    let facts = facts(Tool::Rsync, &[(Stream::Out, bytes)]);
    assert!(matches!(&facts[0], Fact::Did { path, .. } if path.len() < LINE_LIMIT));
    assert!(matches!(&facts[1], Fact::Did { path, .. } if path == "short"));
}

#[test]
fn the_tool_is_found_behind_what_only_changes_how_it_runs() {
    let of = |line: &str| Tool::of_command(line.split(' '));
    assert_eq!(of("rsync -a x y"), Tool::Rsync);
    assert_eq!(of("/usr/bin/restic backup /"), Tool::Restic);
    assert_eq!(of("sudo -u me nice -n 10 borg create"), Tool::Borg);
    assert_eq!(of("timeout 1h git fetch"), Tool::Git);
    assert_eq!(of("cp rsync rclone"), Tool::Other);
    assert_eq!(of("./backup.sh rsync"), Tool::Other);
}
