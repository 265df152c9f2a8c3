//! Bytes that are longer than a line, fetched part by part.

use wire::rpc::Method;
use wire::rpc::settle::{ForgetParts, GetPart, Part};

use super::calls::CallError;
use super::connection::Connection;

/// Nothing that is shown to a person is larger.
pub(crate) const MOST_BYTES: u64 = 16 << 20;

/// The whole of what a look began to tell; none when there is nothing, or it is larger than the limit.
pub(crate) fn whole(
    connection: &Connection,
    look: u64,
    first: Part,
    limit: u64,
) -> Result<Option<Vec<u8>>, CallError> {
    let Some(bytes) = first.bytes else { return Ok(None) };
    let all = if first.more { rest(connection, look, bytes.0, limit) } else { Ok(bytes.0) };
    if first.more {
        connection.notify(&ForgetParts { look });
    }
    all.map(|all| (all.len() as u64 <= limit).then_some(all))
}

fn rest(connection: &Connection, look: u64, mut all: Vec<u8>, limit: u64) -> Result<Vec<u8>, CallError> {
    while all.len() as u64 <= limit {
        let question = GetPart { look, from: (all.len() as u64).into() };
        let part = connection.call(&question, connection.limits.answer)?;
        let bytes = part.bytes.unwrap_or_default().0;
        all.extend_from_slice(&bytes);
        if !part.more {
            break;
        }
        if bytes.is_empty() {
            let why = "a part is empty, and yet more is said to follow".to_owned();
            return Err(CallError::Wrong { method: GetPart::NAME, why });
        }
    }
    Ok(all)
}
