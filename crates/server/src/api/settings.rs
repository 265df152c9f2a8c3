//! The settings: one file that a person edits, too.

use std::os::unix::ffi::OsStrExt;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use settings::edit::Change;
use toml_edit::{Array, InlineTable, Item, Table};
use wire::{DraftSettings, KeyChange, Mistakes, NewSettings, PathText, SettingsPatch, SettingsText};

use crate::convert;
use crate::failure::Failure;
use crate::input;
use crate::parts::Parts;

/// The settings as they are written
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = OK, body = SettingsText)))]
pub(super) async fn settings(State(parts): State<Parts>) -> Result<Json<SettingsText>, Failure> {
    let file = parts.settings()?;
    parts
        .ask(move |_| {
            let text = file.text()?;
            Ok(Json(SettingsText {
                file: PathText::new(file.path().as_os_str().as_bytes()),
                digest: settings::digest(&text),
                values: settings::values(&text),
                text,
            }))
        })
        .await
}

/// Replace the whole text
#[utoipa::path(
    put, path = "/settings", tag = "settings", request_body = NewSettings, responses((status = NO_CONTENT))
)]
pub(super) async fn replace_settings(
    State(parts): State<Parts>,
    input::Json(new): input::Json<NewSettings>,
) -> Result<StatusCode, Failure> {
    let file = parts.settings()?;
    parts
        .ask(move |_| {
            file.edit()?.expect(&new.digest)?.replace(&new.text)?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Change single keys, all or none of them; comments and everything else stay
#[utoipa::path(
    patch, path = "/settings", tag = "settings", request_body = SettingsPatch,
    responses((status = NO_CONTENT))
)]
pub(super) async fn change_settings(
    State(parts): State<Parts>,
    input::Json(patch): input::Json<SettingsPatch>,
) -> Result<StatusCode, Failure> {
    let file = parts.settings()?;
    parts
        .ask(move |_| {
            let mut editor = file.edit()?;
            if let Some(digest) = &patch.digest {
                editor = editor.expect(digest)?;
            }
            let changes = patch
                .changes
                .into_iter()
                .map(|KeyChange { path, value }| Ok(Change { path, value: toml(&value)? }));
            editor.set_all(changes.collect::<Result<Vec<_>, Failure>>()?)?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Look for mistakes in a text; nothing is written
#[utoipa::path(
    post, path = "/settings/check", tag = "settings", request_body = DraftSettings,
    responses((status = OK, body = Mistakes))
)]
pub(super) async fn check_settings(
    State(parts): State<Parts>,
    input::Json(draft): input::Json<DraftSettings>,
) -> Result<Json<Mistakes>, Failure> {
    let file = parts.settings()?;
    parts
        .ask(move |_| match file.parse(&draft.text) {
            Ok(_) => Ok(Json(Mistakes { mistakes: Vec::new() })),
            Err(settings::Error::Wrong { mistakes, .. }) => {
                Ok(Json(Mistakes { mistakes: mistakes.into_iter().map(convert::mistake).collect() }))
            }
            Err(other) => Err(other.into()),
        })
        .await
}

/// A value as the file writes it; none for null. A table that stands by itself gets a heading of its own.
fn toml(value: &Value) -> Result<Option<Item>, Failure> {
    Ok(match value {
        Value::Null => None,
        Value::Object(object) => {
            let mut table = Table::new();
            for (key, value) in object {
                if !value.is_null() {
                    table.insert(key, Item::Value(inline(value)?));
                }
            }
            Some(Item::Table(table))
        }
        value => Some(Item::Value(inline(value)?)),
    })
}

fn inline(value: &Value) -> Result<toml_edit::Value, Failure> {
    Ok(match value {
        Value::Null => return Err(Failure::bad_request("a list cannot hold null")),
        Value::Bool(on) => (*on).into(),
        Value::String(text) => text.into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(number)) => number.into(),
            (None, None) => return Err(Failure::bad_request(format!("{number} is too large"))),
        },
        Value::Array(values) => {
            let mut array = Array::new();
            for value in values {
                array.push(inline(value)?);
            }
            array.into()
        }
        Value::Object(object) => {
            let mut table = InlineTable::new();
            for (key, value) in object {
                if !value.is_null() {
                    table.insert(key, inline(value)?);
                }
            }
            table.into()
        }
    })
}
