//! Folders of this machine, to choose from. Nothing but folders is ever listed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wire::{Folder, FolderPath, Folders, PathText};

use crate::failure::Failure;
use crate::input::Query;
use crate::parts::Parts;

/// The most folders that are told.
const MOST: usize = 5000;

/// The folders in a folder of this machine
#[utoipa::path(
    get, path = "/folders", tag = "settings", params(FolderPath), responses((status = OK, body = Folders))
)]
pub(super) async fn folders(
    State(parts): State<Parts>,
    Query(wanted): Query<FolderPath>,
) -> Result<Json<Folders>, Failure> {
    let path = match (wanted.path, wanted.path_base64) {
        (path, Some(exact)) => {
            let text = PathText { path: path.unwrap_or_default(), path_base64: Some(exact) };
            let bytes = text.bytes().ok_or_else(|| Failure::bad_request("`path_base64` is no base64"))?;
            PathBuf::from(OsString::from_vec(bytes))
        }
        (Some(path), None) => PathBuf::from(path),
        (None, None) => std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")),
    };
    if !path.is_absolute() {
        return Err(Failure::bad_request("the path of a folder begins with `/`"));
    }
    parts.ask(move |_| list(&path).map(Json).map_err(|error| unreadable(&path, &error))).await
}

fn list(path: &Path) -> io::Result<Folders> {
    let mut folders = Vec::new();
    let mut more = false;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // A link to a folder is one to choose, too; what cannot be looked at is none.
        if !fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
            continue;
        }
        if folders.len() == MOST {
            more = true;
            break;
        }
        folders.push(Folder {
            name: PathText::new(entry.file_name().as_bytes()).path,
            path: text(&entry.path()),
        });
    }
    folders.sort_by_cached_key(|folder| folder.name.to_lowercase());
    Ok(Folders { path: text(path), parent: path.parent().map(text), folders, more })
}

fn text(path: &Path) -> PathText {
    PathText::new(path.as_os_str().as_bytes())
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let status = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StatusCode::NOT_FOUND,
        io::ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let text = format!("the folder {} cannot be listed: {}", text(path).path, syncmgr::reason(error));
    Failure::new(status, "unreadable_folder", text)
}
