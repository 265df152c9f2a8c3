//! Tokens: who may ask from the network.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// What the bearer of a token may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See everything but settings.
    Viewer,
    /// Start, stop, pause, report and settle.
    Operator,
    /// Change settings, secrets and tokens.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        })
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A program that sends it with every request.
    Token,
    /// A page that was let in by a ticket.
    Page,
}

/// All tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// The oldest first.
    pub tokens: Vec<Token>,
}

/// What is known of a token. Its secret is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Names it, to revoke it.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// What it is for.
    pub kind: TokenKind,
    /// When it was made.
    pub created: Time,
    /// When it ends; none: when it is revoked.
    pub expires: Option<Time>,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What a person calls it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// When it ends; never if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<Time>,
}

/// A token that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// What is kept of it.
    pub token: Token,
    /// The token itself, sent as `Authorization: Bearer`. It is told only now.
    pub secret: String,
}

/// A link that lets a page in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageLink {
    /// To be opened in a browser, once, within ten minutes; none when nothing listens on TCP.
    pub link: Option<String>,
}
