//! Whatever a program says: never a panic, never a hang, every bad line counted, and too many of them explained.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use adapters::host::{Door, HandlerSpec, HostedHandler, Newcomer, Visitors};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use syncmgr::testing::{TestCenter, Verdict};
use syncmgr::{Handler, HandlerId, Outcome, Refusal};
use wire::rpc::{Incoming, Line, Lines, MAX_LINE};

use crate::support::{id, limits, wait_until};

/// A hang, on any machine.
const FOR_EVER: Duration = Duration::from_secs(120);

struct LetsIn(Arc<HostedHandler>);

impl Visitors for LetsIn {
    fn admit(&self, _handler: &HandlerId, newcomer: &mut Newcomer) -> Result<(), Refusal> {
        self.0.attach(newcomer)
    }

    fn left(&self, _handler: &HandlerId) {}
}

/// A program that keeps the protocol until it is to synchronize, then says this, and ends as it should.
fn program(socket: &Path, says: &dyn Fn(u64) -> Vec<u8>, pieces: usize) -> Option<UnixStream> {
    let mut tell = UnixStream::connect(socket).ok()?;
    let mut said = |message: Value| writeln!(tell, "{message}").ok();
    said(
        json!({"jsonrpc": "2.0", "id": "who", "method": "register", "params": {"handler": "test", "protocol": "1.0"}}),
    )?;
    let hear = BufReader::new(tell.try_clone().ok()?);
    let mut synchronize = Value::Null;
    for line in hear.lines() {
        let message: Value = serde_json::from_str(&line.ok()?).ok()?;
        let mut said = |message: Value| writeln!(tell, "{message}").ok();
        let result = |result: Value| json!({"jsonrpc": "2.0", "id": message["id"], "result": result});
        match (message["method"].as_str(), message["id"].as_str()) {
            (Some("initialize"), _) => said(result(json!({"protocol": "1.0"})))?,
            (Some("get_handler"), _) => said(result(json!({"name": "Any"})))?,
            (Some("list_items"), _) => said(result(json!({"items": [{"id": "a", "name": "A"}]})))?,
            (Some("synchronize"), _) => {
                synchronize = message["id"].clone();
                let turn = &message["params"]["turn"];
                said(
                    json!({"jsonrpc": "2.0", "id": "begin", "method": "create_session", "params": {"turn": turn}}),
                )?;
            }
            (None, Some("begin")) => {
                let session = message["result"]["session"].as_u64()?;
                let all = says(session);
                for piece in all.chunks(all.len().div_ceil(pieces).max(1)) {
                    tell.write_all(piece).ok()?;
                }
                let last = json!({"session": session, "item": "a", "status": "succeeded"});
                let end = json!({"jsonrpc": "2.0", "id": "end", "method": "report_progress", "params": last});
                writeln!(tell, "{end}").ok()?;
            }
            (None, Some("end")) => {
                writeln!(tell, "{}", json!({"jsonrpc": "2.0", "id": synchronize, "result": {}})).ok()?;
                return Some(tell);
            }
            _ => {}
        }
    }
    None
}

/// What a synchronization with such a program came to, and how many bad lines were counted.
fn synchronized(says: impl Fn(u64) -> Vec<u8> + Sync, pieces: usize) -> (Verdict, u32) {
    let dir = tempfile::tempdir().unwrap();
    let spec = HandlerSpec::of_socket(HandlerId::new("test").unwrap());
    let handler = Arc::new(HostedHandler::with_limits(spec, limits()));
    let socket = dir.path().join("handlers.sock");
    let _door = Door::open(&socket, Arc::new(LetsIn(Arc::clone(&handler)))).unwrap();
    thread::scope(|scope| {
        let speaks = scope.spawn(|| program(&socket, &says, pieces));
        wait_until("it is connected", || handler.is_running() && handler.items().count() == 1);
        let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
        let (done, over) = mpsc::channel();
        let syncs = center.clone();
        // Not waited for when it hangs: the test has failed then.
        thread::spawn(move || done.send(syncs.sync(&[id("a")])));
        over.recv_timeout(FOR_EVER).unwrap().unwrap();
        let counted = handler.bad_lines();
        handler.shut_down();
        drop(speaks.join().unwrap());
        (center.finish(), counted)
    })
}

/// One thing that is said.
#[derive(Debug, Clone)]
enum Said {
    Progress(u64),
    Question(&'static str),
    UnknownMethod,
    Nothing,
    Garbage(Vec<u8>),
    Huge(usize),
    NoQuestion(u64),
    WrongNumber(&'static str),
    WrongType,
}

impl Said {
    fn is_bad(&self) -> bool {
        !matches!(self, Self::Progress(_) | Self::Question(_) | Self::UnknownMethod | Self::Nothing)
    }

    fn line(&self, session: u64) -> Vec<u8> {
        let progress = |step: &str| {
            let params =
                format!(r#"{{"session":{session},"item":"a","status":"updating","step":{step},"max":9}}"#);
            format!(r#"{{"jsonrpc":"2.0","method":"report_progress","params":{params}}}"#).into_bytes()
        };
        match self {
            Self::Progress(step) => progress(&format!("\"{step}\"")),
            Self::Question(name) => {
                let params = json!({"session": session});
                json!({"jsonrpc": "2.0", "id": name, "method": "can_continue", "params": params})
                    .to_string()
                    .into()
            }
            Self::UnknownMethod => r#"{"jsonrpc":"2.0","method":"report_weather"}"#.into(),
            Self::Nothing => b"\r".to_vec(),
            Self::Garbage(bytes) => [b"#", bytes.as_slice()].concat(),
            Self::Huge(length) => vec![b' '; MAX_LINE + length],
            Self::NoQuestion(id) => {
                format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, 1_000_000 + id).into()
            }
            Self::WrongNumber(number) => progress(number),
            Self::WrongType => {
                br#"{"jsonrpc":"2.0","method":"report_event","params":{"session":"one"}}"#.to_vec()
            }
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => any::<u64>().prop_map(Said::Progress),
        1 => prop_oneof![Just("same"), Just("")].prop_map(Said::Question),
        1 => Just(Said::UnknownMethod),
        1 => Just(Said::Nothing),
        4 => prop::collection::vec(any::<u8>().prop_filter("no line feed", |byte| *byte != b'\n'), 0..80)
            .prop_map(Said::Garbage),
        1 => (0..200_000_usize).prop_map(Said::Huge),
        1 => (0..9_u64).prop_map(Said::NoQuestion),
        1 => prop_oneof![Just("-1"), Just("1.5"), Just("1e400"), Just("18446744073709551616"), Just("\"x\"")]
            .prop_map(Said::WrongNumber),
        1 => Just(Said::WrongType),
    ]
}

/// A value that some reader may stumble over.
fn odd_value() -> impl Strategy<Value = Value> {
    let deep = (0..300).fold(json!([]), |inner, _| json!([inner]));
    let fixed = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("\0"),
        json!("18446744073709551616"),
        json!({"base64": "?"}),
        json!([]),
        json!({}),
        deep,
    ];
    prop_oneof![
        prop::sample::select(fixed.to_vec()),
        ".{0,300}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
    ]
}

/// All places in a message.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, part)| places(part, &format!("{at}/{key}"), all))
        }
        Value::Array(parts) => {
            parts.iter().enumerate().for_each(|(n, part)| places(part, &format!("{at}/{n}"), all))
        }
        _ => {}
    }
}

/// What the specification has a handler say.
fn examples() -> Vec<Value> {
    let lines = include_str!("../../../../docs/handler-protocol.md").lines();
    lines.filter_map(|line| line.strip_prefix("H ")).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message of the specification with one value that does not belong there, in the session that is open.
fn odd_message() -> impl Strategy<Value = Value> {
    (any::<Index>(), any::<Index>(), odd_value(), any::<bool>()).prop_map(|(which, place, odd, keeps)| {
        let mut message = which.get(&examples()).clone();
        let mut all = Vec::new();
        places(&message, "", &mut all);
        let pointer = all.swap_remove(place.index(all.len()));
        if let Some(value) = message.pointer_mut(&pointer).filter(|_| !keeps) {
            *value = odd;
        }
        message
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_and_hold_no_more_than_a_line(
        chunks in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                (1..MAX_LINE * 2).prop_map(|length| vec![b'x'; length]),
                Just(b"\n".to_vec()),
                "[\\[{\"\\\\:,}\\]a0\n]{0,60}".prop_map(String::into_bytes),
            ],
            0..20,
        )
    ) {
        let mut lines = Lines::default();
        let mut count = 0;
        for chunk in &chunks {
            lines.push(chunk, |line| {
                count += 1;
                if let Line::Whole(line) = line {
                    assert!(line.len() < MAX_LINE && !line.is_empty() && !line.contains(&b'\n'));
                    // What it is does not matter here, only that it is told.
                    let _ = Incoming::read(line).map_err(|why| assert!(!why.to_string().is_empty()));
                }
            });
            prop_assert!(lines.rest() <= MAX_LINE);
        }
        let all = chunks.concat();
        prop_assert!(count <= all.iter().filter(|byte| **byte == b'\n').count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bad_lines_are_counted_and_a_hundred_of_them_are_explained(
        script in prop::collection::vec(said(), 0..220),
        pieces in 1..40_usize,
    ) {
        let bad = script.iter().filter(|said| said.is_bad()).count();
        let says = |session| {
            script.iter().flat_map(|said| [said.line(session), b"\n".to_vec()].concat()).collect::<Vec<u8>>()
        };
        let (verdict, counted) = synchronized(says, pieces);
        let end = verdict.item(&id("a"));
        if bad < 100 {
            prop_assert_eq!(counted as usize, bad);
            prop_assert_eq!(end.map(|end| end.outcome), Some(Outcome::Done), "{:?}", verdict);
            prop_assert!(verdict.failures.is_empty());
        } else {
            prop_assert_eq!(counted, 100);
            let text = verdict.failures.first().map(|failure| failure.problem.text.clone()).unwrap_or_default();
            prop_assert!(text.contains("it wrote 100 lines"), "{}", text);
        }
    }

    #[test]
    fn messages_with_any_value_in_any_place_hang_nothing_up(
        messages in prop::collection::vec(odd_message(), 1..40),
        pieces in 1..9_usize,
    ) {
        let says = |session: u64| {
            let told = |message: &Value| {
                let mut message = message.clone();
                if let Some(number) = message.pointer_mut("/params/session").filter(|number| **number == json!(1)) {
                    *number = json!(session);
                }
                format!("{message}\n")
            };
            messages.iter().map(told).collect::<String>().into_bytes()
        };
        // What it comes to depends on what was said; that it comes to something does not.
        let (verdict, _) = synchronized(says, pieces);
        prop_assert!(verdict.item(&id("a")).is_some(), "{:?}", verdict);
    }
}
