//! The handler protocol: what is a message, and that the documents say what the code does.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own documents has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syncmgr::conflict::ConflictKind;
use syncmgr::{HandlerError, Problem, ProblemClass, ProgressStatus, Refusal};
use wire::rpc::center::{ReportPhase, ReportProgress, Told};
use wire::rpc::handler::{Ability, HandlerDescription, Initialized, Synchronize};
use wire::rpc::{self, BadLine, ErrorObject, Incoming, MAX_LINE, Number, Word, code};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A derived document is reviewed like code: `INSTEP_GOLDEN=write` writes it anew.
#[test]
fn the_schema_in_the_documents_is_that_of_the_code() {
    let path = docs().join("handler-protocol.schema.json");
    let schema = rpc::schema();
    if std::env::var_os("INSTEP_GOLDEN").is_some() {
        fs::write(&path, format!("{schema:#}\n")).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    // As values: other crates' features decide about the order of the members.
    let written: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        written == schema,
        "docs/handler-protocol.schema.json is old: run `INSTEP_GOLDEN=write cargo nextest run -p wire`"
    );
}

/// Every line of the specification's examples: the direction, the message, and its method.
fn examples() -> Vec<(char, Value)> {
    let text = fs::read_to_string(docs().join("handler-protocol.md")).unwrap();
    let said = |line: &str| {
        let side = line.strip_prefix("C {").map(|_| 'C').or_else(|| line.strip_prefix("H {").map(|_| 'H'))?;
        Some((side, serde_json::from_str(&line[2..]).unwrap_or_else(|error| panic!("{line}: {error}"))))
    };
    text.lines().filter_map(said).collect()
}

/// Looks a schema's reference up, and says what is wrong with a value: enough of JSON Schema for our own.
fn check(schema: &Value, value: &Value, all: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return check(&all["$defs"][name], value, all, at);
    }
    for list in ["anyOf", "oneOf"] {
        if let Some(list) = schema[list].as_array() {
            let tried: Vec<_> = list.iter().map(|one| check(one, value, all, at)).collect();
            if !tried.iter().any(Result::is_ok) {
                return Err(format!("{at}: {value} is none of {tried:?}"));
            }
        }
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return Err(format!("{at}: {value} is not among {words:?}"));
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        return Err(format!("{at}: {value} is not {only}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(format!("{at}: '{name}' is missing"));
        }
    }
    for (name, part) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => check(schema, part, all, &format!("{at}.{name}"))?,
            // What is not in the schema is no example of it.
            None if schema["properties"].is_object() => return Err(format!("{at}: '{name}' is unknown")),
            None => {}
        }
    }
    for (n, part) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            check(&schema["items"], part, all, &format!("{at}[{n}]"))?;
        }
    }
    Ok(())
}

#[test]
fn the_examples_of_the_specification_fit_the_schema() {
    let schema = rpc::schema();
    let examples = examples();
    assert!(examples.len() > 20);
    let mut questions: Vec<(char, Value, String)> = Vec::new();
    for (side, message) in &examples {
        let line = message.to_string();
        Incoming::read(line.as_bytes())
            .map(drop)
            .or_else(|why| match why {
                // Ids of a handler are its own affair.
                BadLine::NoQuestion(_) => Ok(()),
                why => Err(format!("{line}: {why}")),
            })
            .unwrap();
        if let Some(method) = message["method"].as_str() {
            let direction = if *side == 'C' { "center_to_handler" } else { "handler_to_center" };
            let of = &schema[direction][method];
            assert!(of.is_object(), "{method} is no method of this direction");
            check(&of["params"], &message["params"], &schema, method).unwrap();
            if !message["id"].is_null() {
                questions.push((*side, message["id"].clone(), method.to_owned()));
            }
        } else if let Some(result) = message.get("result") {
            let asked = questions.iter().rev().find(|(asker, id, _)| asker != side && *id == message["id"]);
            let (asker, _, method) = asked.unwrap_or_else(|| panic!("{line} answers no question"));
            let direction = if *asker == 'C' { "center_to_handler" } else { "handler_to_center" };
            check(&schema[direction][method]["result"], result, &schema, method).unwrap();
        } else {
            check(&schema["error"], &message["error"], &schema, "error").unwrap();
        }
    }
}

#[test]
fn the_specification_names_every_method() {
    let text = fs::read_to_string(docs().join("handler-protocol.md")).unwrap();
    let missing: Vec<_> = rpc::handler_methods()
        .into_iter()
        .chain(rpc::center_methods())
        .filter(|method| !text.contains(*method))
        .collect();
    assert!(missing.is_empty(), "docs/handler-protocol.md does not name {missing:?}");
}

fn read(line: &str) -> Result<Incoming<'_>, BadLine> {
    Incoming::read(line.as_bytes())
}

#[test]
fn messages_are_told_apart() {
    assert!(matches!(
        read(r#"{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":1},"of":"tomorrow"}"#).unwrap(),
        Incoming::Request { id, method, .. } if id.get() == "\"x\"" && method == "m"
    ));
    assert!(matches!(
        read(r#"{"method":"m","jsonrpc":"2.0"}"#).unwrap(),
        Incoming::Notification { params, .. } if params.read::<Value>().unwrap() == json!({})
    ));
    assert!(matches!(
        read(r#"{"jsonrpc":"2.0","id":7,"result":null}"#).unwrap(),
        Incoming::Answer { id: 7, result: Ok(_) }
    ));
    assert!(matches!(
        read(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}}"#).unwrap(),
        Incoming::Answer { id: 7, result: Err(_) }
    ));
}

#[test]
fn lines_that_are_no_messages_are_told_what_is_wrong() {
    for (line, word) in [
        ("garbage", "expected value"),
        ("{", "EOF"),
        ("[]", "batches"),
        ("7", "invalid type"),
        (r#"{"id":1,"method":"m"}"#, "jsonrpc"),
        (r#"{"jsonrpc":"1.0","method":"m"}"#, "jsonrpc"),
        (r#"{"jsonrpc":"2.0"}"#, "neither a method nor an id"),
        (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#, "what?"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "neither a number nor a string"),
        (r#"{"jsonrpc":"2.0","id":"mine","result":1}"#, "mine"),
        (r#"{"jsonrpc":"2.0","method":7}"#, "invalid type"),
        (r#"{"jsonrpc":"2.0","method":"m"}{"jsonrpc":"2.0","method":"m"}"#, "trailing"),
    ] {
        let why = read(line).unwrap_err().to_string();
        assert!(why.contains(word), "{line}: {why}");
    }
    assert!(Incoming::read(b"{\"jsonrpc\":\"\xff\"}").unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn a_report_in_the_hot_path_borrows_its_texts() {
    let line = r#"{"jsonrpc":"2.0","method":"report_progress","params":{"session":3,"item":"photos","text":"a.jpg","status":"updating","step":1,"max":"9007199254740993"}}"#;
    let Incoming::Notification { params, .. } = read(line).unwrap() else { panic!() };
    let report: ReportProgress<'_> = params.read().unwrap();
    assert!(matches!(report.item, std::borrow::Cow::Borrowed("photos")));
    assert_eq!(report.status, Word(Some(ProgressStatus::Updating)));
    assert_eq!((report.step, report.max), (Number(1), Number(9_007_199_254_740_993)));
    // Words of tomorrow are read, whatever becomes of them.
    let phase: ReportPhase =
        serde_json::from_value(json!({"session":1,"item":"a","phase":"dreaming"})).unwrap();
    assert_eq!(phase.phase, Word(None));
    let hello: Initialized =
        serde_json::from_value(json!({"protocol":"1.4","abilities":["resolve","fly"],"mood":"good"}))
            .unwrap();
    assert_eq!(hello.abilities, [Ability::Resolve, Ability::Unknown]);
    let nameless = serde_json::from_value::<HandlerDescription>(json!({"kind":"folder"}));
    assert!(nameless.unwrap_err().to_string().contains("name"));
}

#[test]
fn no_line_is_longer_than_the_limit() {
    let many = Synchronize { turn: 1, items: vec!["x".repeat(63); 2000], options: None, settle: false };
    assert!(rpc::write_call(Some(1), &many).is_err());
    let id = serde_json::value::to_raw_value(&7).unwrap();
    let huge: Result<String, ErrorObject> = Ok("x".repeat(MAX_LINE));
    let line = rpc::write_answer(&id, &huge);
    assert!(line.len() < MAX_LINE);
    let line = String::from_utf8(line).unwrap();
    assert!(line.starts_with(r#"{"jsonrpc":"2.0","id":7,"error""#), "{line}");
    let short = rpc::write_answer(&id, &Ok::<_, ErrorObject>(Told::default()));
    assert_eq!(short, b"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"cancel\":\"unknown\"}}\n");
}

#[test]
fn every_kind_of_conflict_survives_the_way() {
    for kind in ConflictKind::ALL {
        let text = serde_json::to_string(&Word(Some(kind))).unwrap();
        assert_eq!(serde_json::from_str::<Word<ConflictKind>>(&text).unwrap(), Word(Some(kind)), "{text}");
    }
}

#[test]
fn refusals_and_problems_survive_the_way() {
    for refusal in [
        Refusal::InvalidArgument("a".into()),
        Refusal::AccessDenied("b".into()),
        Refusal::NotImplemented("c".into()),
        Refusal::Ended,
        Refusal::Failed("d".into()),
    ] {
        let error = ErrorObject::from(&refusal);
        assert_eq!(error.data.as_ref().unwrap().hresult, Some(refusal.hresult()));
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<ErrorObject>(&text).unwrap().into_refusal(), refusal);
    }
    let problem = Problem::new(ProblemClass::Auth, "the key was refused").with_fix("add it");
    let error = ErrorObject::from(&HandlerError::from(problem.clone()));
    let text = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<ErrorObject>(&text).unwrap().into_problem(), problem);
    // Without a class it is a mistake, with one of tomorrow nothing that a retry would mend.
    assert_eq!(ErrorObject::new(code::FAILED, "x").into_problem().class, ProblemClass::Bug);
    let tomorrow = json!({"code":-32010,"message":"x","data":{"class":"weather"}});
    let error: ErrorObject = serde_json::from_value(tomorrow).unwrap();
    assert_eq!(error.into_problem().class, ProblemClass::Config);
}
