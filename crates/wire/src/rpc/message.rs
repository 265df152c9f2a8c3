//! The frame of every line: requests, notifications, answers and errors of JSON-RPC 2.0.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use syncmgr::{HandlerError, Outcome, Problem, ProblemClass, Refusal};

use super::lines::MAX_LINE;
use super::words::Word;

/// A method of the protocol, named by its parameters.
pub trait Method: Serialize {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it answers.
    type Answer: Serialize + DeserializeOwned;
}

/// An answer that says nothing but that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Done {}

/// Why a line is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It is longer than [`MAX_LINE`].
    #[error("it is longer than {MAX_LINE} bytes")]
    TooLong,
    /// It is no JSON object with the members of a message.
    #[error("{0}")]
    NoMessage(String),
    /// The stream ended in the middle of it.
    #[error("it ended after {0} bytes without a line feed")]
    Half(usize),
    /// A notification that cannot be answered with an error.
    #[error("{method}: {why}")]
    Notification {
        /// Its method.
        method: String,
        /// What is wrong with it.
        why: String,
    },
    /// An answer to a question that nobody asked, or that was answered before.
    #[error("it answers the question {0}, which is not open")]
    NoQuestion(String),
}

/// A line as it was received.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A question.
    Request {
        /// Comes back with the answer: a number or a string, as it was written.
        id: &'a RawValue,
        /// The method.
        method: Cow<'a, str>,
        /// Its parameters.
        params: Params<'a>,
    },
    /// Something that is not answered.
    Notification {
        /// The method.
        method: Cow<'a, str>,
        /// Its parameters.
        params: Params<'a>,
    },
    /// What came of a question of ours.
    Answer {
        /// The question.
        id: u64,
        /// Its result as it was written, or an error.
        result: Result<&'a RawValue, ErrorObject>,
    },
}

/// The parameters of a message.
#[derive(Debug, Clone, Copy)]
pub struct Params<'a>(Option<&'a RawValue>);

impl<'a> Params<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// A sentence about what is wrong with them.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, String> {
        serde_json::from_str(self.0.map_or("{}", RawValue::get)).map_err(|error| error.to_string())
    }

    /// As they were written.
    pub fn text(self) -> &'a str {
        self.0.map_or("{}", RawValue::get)
    }
}

/// A text that stays in its line where it stands there as it is: by itself serde copies every `Cow` in an `Option`.
pub(super) fn borrowed<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    Ok(Option::<Text<'a>>::deserialize(deserializer)?.map(|text| text.0))
}

/// All members that a message can have.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default, deserialize_with = "borrowed")]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<ErrorObject>,
}

impl<'a> Incoming<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// [`BadLine`]; its sentence goes on "a line is no message: ...".
    pub fn read(line: &'a [u8]) -> Result<Self, BadLine> {
        let no = |why: &str| BadLine::NoMessage(why.to_owned());
        if line.first() == Some(&b'[') {
            return Err(no("it is a list, and batches are not part of this protocol"));
        }
        let text = std::str::from_utf8(line).map_err(|_| no("it is no UTF-8"))?;
        let frame: Frame<'a> = serde_json::from_str(text).map_err(|error| no(&error.to_string()))?;
        if frame.jsonrpc.as_deref() != Some("2.0") {
            return Err(no(r#"its member "jsonrpc" is not "2.0""#));
        }
        let params = Params(frame.params);
        match (frame.method, frame.id) {
            (Some(method), Some(id)) if is_id(id) => Ok(Self::Request { id, method, params }),
            (Some(_), Some(_)) => Err(no("its id is neither a number nor a string")),
            (Some(method), None) => Ok(Self::Notification { method, params }),
            (None, Some(id)) => {
                let number: u64 =
                    id.get().parse().map_err(|_| BadLine::NoQuestion(id.get().chars().take(40).collect()))?;
                // A result of null is written like none at all.
                let result = match frame.error {
                    Some(error) => Err(error),
                    None => Ok(frame.result.unwrap_or(RawValue::NULL)),
                };
                Ok(Self::Answer { id: number, result })
            }
            (None, None) => match frame.error {
                Some(error) => {
                    Err(BadLine::NoMessage(format!("it is an error without an id: {}", error.message)))
                }
                None => Err(no("it has neither a method nor an id")),
            },
        }
    }
}

/// Ids are echoed into our own lines: nothing but what JSON-RPC allows, and no longer than a person would make them.
fn is_id(id: &RawValue) -> bool {
    let text = id.get();
    text.len() <= 128 && text.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
}

/// An error as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorObject {
    /// One of [`code`].
    pub code: i64,
    /// A sentence.
    pub message: String,
    /// What a program can go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
}

/// What a program can go by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// Of a problem: its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Word<ProblemClass>>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Of a refusal: the number that callers of the original contract know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hresult: Option<u32>,
    /// Of a preview or check that cannot be made: what a run would come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Word<Outcome>>,
}

/// The numbers of errors.
pub mod code {
    /// A line that is no JSON.
    pub const PARSE: i64 = -32_700;
    /// JSON that is no message.
    pub const INVALID_REQUEST: i64 = -32_600;
    /// A method that the other side does not know.
    pub const METHOD_NOT_FOUND: i64 = -32_601;
    /// Parameters of the wrong type, missing or out of range.
    pub const INVALID_PARAMS: i64 = -32_602;
    /// Refused: an unknown or foreign item, or one that is there already (R8, R9, R10).
    pub const INVALID_ARGUMENT: i64 = -32_001;
    /// Refused: not allowed, or a report after completion (R1, R15).
    pub const ACCESS_DENIED: i64 = -32_002;
    /// Refused: not supported.
    pub const NOT_IMPLEMENTED: i64 = -32_003;
    /// Refused: the session has ended (R12).
    pub const ENDED: i64 = -32_004;
    /// The center could not do it.
    pub const FAILED: i64 = -32_005;
    /// The handler could not do it: a problem with a class and perhaps a fix.
    pub const PROBLEM: i64 = -32_010;
}

impl ErrorObject {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// For a method that is not known.
    pub fn unknown_method(method: &str) -> Self {
        let method: String = method.chars().take(80).collect();
        Self::new(code::METHOD_NOT_FOUND, format!("there is no method '{method}'"))
    }

    /// For parameters that cannot be read.
    pub fn invalid_params(method: &str, why: &str) -> Self {
        Self::new(code::INVALID_PARAMS, format!("{method}: {why}"))
    }

    /// The refusal that it stands for, as the caller of the contract's method sees it.
    pub fn into_refusal(self) -> Refusal {
        match self.code {
            code::INVALID_ARGUMENT | code::INVALID_PARAMS => Refusal::InvalidArgument(self.message),
            code::ACCESS_DENIED => Refusal::AccessDenied(self.message),
            code::NOT_IMPLEMENTED | code::METHOD_NOT_FOUND => Refusal::NotImplemented(self.message),
            code::ENDED => Refusal::Ended,
            _ => Refusal::Failed(self.message),
        }
    }

    /// The problem that it stands for. Without a class it is a mistake of the one who answers.
    pub fn into_problem(self) -> Problem {
        let data = self.data.unwrap_or_default();
        // A class of a later version is none that this one could retry or explain.
        let class = data.class.map_or(ProblemClass::Bug, |class| class.0.unwrap_or(ProblemClass::Config));
        Problem { class, text: self.message, fix: data.fix }
    }
}

impl From<&Refusal> for ErrorObject {
    fn from(refusal: &Refusal) -> Self {
        let (number, message) = match refusal {
            Refusal::InvalidArgument(why) => (code::INVALID_ARGUMENT, why.clone()),
            Refusal::AccessDenied(why) => (code::ACCESS_DENIED, why.clone()),
            Refusal::NotImplemented(why) => (code::NOT_IMPLEMENTED, why.clone()),
            Refusal::Ended => (code::ENDED, refusal.to_string()),
            Refusal::Failed(why) => (code::FAILED, why.clone()),
            other => (code::FAILED, other.to_string()),
        };
        let data = ErrorData { hresult: Some(refusal.hresult()), ..ErrorData::default() };
        Self { code: number, message, data: Some(data) }
    }
}

impl From<&HandlerError> for ErrorObject {
    fn from(error: &HandlerError) -> Self {
        let problem = &error.problem;
        let data =
            ErrorData { class: Some(problem.class.into()), fix: problem.fix.clone(), ..ErrorData::default() };
        Self { code: code::PROBLEM, message: problem.text.clone(), data: Some(data) }
    }
}

/// A message that does not fit into a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// Its length.
    #[error("a message of {0} bytes does not fit into a line of {MAX_LINE}")]
    Line(usize),
    /// It has something that JSON cannot say.
    #[error("{0}")]
    Json(String),
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Answer<'a, R> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorObject>,
}

/// Writes a question (with an id) or a notification (without one) as a line.
///
/// # Errors
/// [`TooLong`].
pub fn write_call<M: Method>(id: Option<u64>, params: &M) -> Result<Vec<u8>, TooLong> {
    write_line(&Request { jsonrpc: "2.0", id, method: M::NAME, params })
}

/// Writes an answer as a line. One that does not fit becomes an error that does.
pub fn write_answer<R: Serialize>(id: &RawValue, answer: &Result<R, ErrorObject>) -> Vec<u8> {
    let written = match answer {
        Ok(result) => write_line(&Answer { jsonrpc: "2.0", id, result: Some(result), error: None }),
        Err(error) => write_line(&Answer { jsonrpc: "2.0", id, result: None::<&Done>, error: Some(error) }),
    };
    written.unwrap_or_else(|why| {
        let error = ErrorObject::new(code::FAILED, format!("the answer cannot be sent: {why}"));
        let answer = Answer { jsonrpc: "2.0", id, result: None::<&Done>, error: Some(&error) };
        write_line(&answer).unwrap_or_default()
    })
}

fn write_line(message: &impl Serialize) -> Result<Vec<u8>, TooLong> {
    let mut line = Vec::with_capacity(128);
    serde_json::to_writer(&mut line, message).map_err(|error| TooLong::Json(error.to_string()))?;
    line.push(b'\n');
    if line.len() > MAX_LINE { Err(TooLong::Line(line.len())) } else { Ok(line) }
}

/// The beginning of a list that surely fits into one line, with at least one element if there is one.
pub fn paged<T: Serialize>(all: impl Iterator<Item = T>) -> Vec<T> {
    let (mut page, mut room) = (Vec::new(), MAX_LINE / 2);
    for one in all {
        let size = serde_json::to_vec(&one).map_or(0, |text| text.len() + 1);
        if size > room && !page.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        page.push(one);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::center::ReportProgress;

    #[test]
    fn a_report_of_progress_is_read_without_a_copy_unless_something_is_escaped() {
        let line = |text: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","method":"report_progress","params":{{"session":1,"item":"a","text":"{text}","status":"updating","step":1,"max":2}}}}"#
            )
        };
        for (text, is_copied) in [("photos/one.jpg", false), (r"photos\u002fone.jpg", true)] {
            let line = line(text);
            let Ok(Incoming::Notification { method: Cow::Borrowed("report_progress"), params }) =
                Incoming::read(line.as_bytes())
            else {
                panic!("{line} is not read in place");
            };
            let report: ReportProgress<'_> = params.read().expect("it is one");
            assert_eq!(report.text.as_deref(), Some("photos/one.jpg"));
            assert_eq!(matches!(report.text, Some(Cow::Owned(_))), is_copied);
            assert!(matches!(report.item, Cow::Borrowed("a")));
        }
    }
}
