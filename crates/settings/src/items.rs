//! What every item has, whatever its handler: `[items.<id>]`.

use schemars::JsonSchema;
use serde::Deserialize;
use syncmgr::{HandlerId, ItemId};

use crate::hooks::Hooks;
use crate::mistake::Mistake;
use crate::raw::{Key, Named, RawTable};
use crate::schedule::Schedule;
use crate::words::check_id;

/// The handler of an item that names none: pairs of folders.
pub const DEFAULT_HANDLER: &str = "folders";

/// The keys that are read here; all others are its handler's.
pub(crate) const KEYS: &[&str] = &["name", "handler", "schedule", "hooks"];

/// An item as the person set it up.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its identity.
    pub id: ItemId,
    /// What the person calls it; its identity if nothing was said.
    pub name: String,
    /// Its handler.
    pub handler: HandlerId,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// What is started for its runs, besides the hooks of all.
    pub hooks: Hooks,
    /// The keys of its handler's kind.
    pub options: RawTable,
}

/// What every item may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommonKeys {
    /// What people call it; its identity if nothing is said.
    name: Option<String>,
    /// Who synchronizes it: `folders` (the default), a wrapped tool, or one of `[handlers.<id>]`.
    handler: Option<String>,
    /// When it runs by itself; never if nothing is said.
    #[serde(default)]
    schedule: Schedule,
    /// Commands that are started for its runs, besides the hooks of all.
    #[serde(default)]
    hooks: Hooks,
}

pub(crate) fn read(named: Named) -> Result<Item, Mistake> {
    let Named { key, table: mut options } = named;
    let id = id(&key)?;
    let table = options.split(KEYS);
    let common: CommonKeys = table.read()?;
    let handler = common.handler.as_deref().unwrap_or(DEFAULT_HANDLER);
    let handler = check_id(handler)
        .and_then(|()| HandlerId::new(handler).map_err(|refusal| refusal.to_string()))
        .map_err(|text| table.mistake_at("handler", text))?;
    let name = common.name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.as_str().to_owned());
    Ok(Item { id, name, handler, schedule: common.schedule, hooks: common.hooks, options })
}

fn id(key: &Key) -> Result<ItemId, Mistake> {
    check_id(&key.text)
        .and_then(|()| ItemId::new(&key.text).map_err(|refusal| refusal.to_string()))
        .map_err(|text| key.mistake(text))
}

/// An identity made of a name: small letters and digits, with hyphens between; room is left for a number.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.encode_utf16().count() >= 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "pair".to_owned() } else { slug.to_owned() }
}

/// An identity made of a name that is not `taken` yet.
pub(crate) fn free_id(name: &str, taken: impl Fn(&ItemId) -> bool) -> ItemId {
    let slug = slug(name);
    (1_u32..)
        .map(|number| if number == 1 { slug.clone() } else { format!("{slug}-{number}") })
        .filter_map(|id| ItemId::new(&id).ok())
        .find(|id| !taken(id))
        .unwrap_or_else(|| unreachable!("a slug with a number is a legal identity, and items are finite"))
}
