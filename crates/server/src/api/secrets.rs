//! Secrets: they can be kept and forgotten, never read.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use settings::words::SecretName;
use wire::{SecretNames, SecretPlace, SecretValue};

use crate::failure::Failure;
use crate::input::{self, Path};
use crate::parts::Parts;

/// The names of the secrets that are kept
#[utoipa::path(get, path = "/secrets", tag = "settings", responses((status = OK, body = SecretNames)))]
pub(super) async fn secrets(State(parts): State<Parts>) -> Result<Json<SecretNames>, Failure> {
    let secrets = parts.secrets()?;
    parts
        .ask(move |_| {
            let names = secrets.names().map_err(failed)?.into_iter();
            let place = |(name, kept): (SecretName, secrets::Kept)| SecretPlace {
                name: name.to_string(),
                place: kept.label().to_owned(),
            };
            Ok(Json(SecretNames { secrets: names.map(place).collect() }))
        })
        .await
}

/// Keep a secret, or another one under its name
#[utoipa::path(
    put, path = "/secrets/{name}", tag = "settings", params(("name" = String, Path)), request_body = SecretValue,
    responses((status = NO_CONTENT))
)]
pub(super) async fn set_secret(
    State(parts): State<Parts>,
    Path(name): Path<String>,
    secret: Result<input::Json<SecretValue>, Failure>,
) -> Result<StatusCode, Failure> {
    // What cannot be read may hold the secret: the usual words about it would repeat it.
    let input::Json(secret) = secret.map_err(|failure| match failure.status() {
        StatusCode::BAD_REQUEST => Failure::bad_request("the body is no object with one text, `value`"),
        _ => failure,
    })?;
    let secrets = parts.secrets()?;
    let name = SecretName::new(&name).map_err(Failure::bad_request)?;
    let value = SecretString::from(secret.value);
    parts.ask(move |_| secrets.set(&name, &value).map(|_| StatusCode::NO_CONTENT).map_err(failed)).await
}

/// Forget a secret
#[utoipa::path(
    delete, path = "/secrets/{name}", tag = "settings", params(("name" = String, Path)),
    responses((status = NO_CONTENT))
)]
pub(super) async fn delete_secret(
    State(parts): State<Parts>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let secrets = parts.secrets()?;
    let unknown = Failure::not_found("unknown_secret", format!("there is no secret \"{name}\""));
    let Ok(name) = SecretName::new(&name) else { return Err(unknown) };
    parts
        .ask(move |_| match secrets.delete(&name).map_err(failed)? {
            true => Ok(StatusCode::NO_CONTENT),
            false => Err(unknown),
        })
        .await
}

fn failed(error: secrets::Error) -> Failure {
    match error {
        secrets::Error::NoSecret => Failure::bad_request(error.to_string()),
        other => Failure::new(StatusCode::SERVICE_UNAVAILABLE, "secrets_failed", other.to_string()),
    }
}
