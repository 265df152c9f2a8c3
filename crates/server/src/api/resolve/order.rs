//! What an order to settle conflicts says, checked.

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use syncmgr::conflict::{Choice, OtherVersion, ResolutionItem};
use wire::{Chosen, Keep, ResolveOrder};

use crate::access::Door;
use crate::failure::Failure;
use crate::input;
use crate::parts::Parts;

/// The most bytes of an order at the local socket: a person there may settle a hundred thousand conflicts in one run.
const LOCAL_BODY: usize = 64 * 1024 * 1024;

/// An order, and where it came in.
pub(in crate::api) struct Ordered {
    pub(super) order: ResolveOrder,
    pub(super) sender: Sender,
}

/// Who has sent an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Sender {
    /// Somebody at the local socket, who may read whatever we may.
    Local,
    Remote,
}

impl FromRequest<Parts> for Ordered {
    type Rejection = Failure;

    async fn from_request(mut request: Request, parts: &Parts) -> Result<Self, Failure> {
        let sender = match request.extensions().get::<Door>() {
            Some(Door::Socket) => Sender::Local,
            _ => Sender::Remote,
        };
        if sender == Sender::Local {
            DefaultBodyLimit::max(LOCAL_BODY).apply(&mut request);
        }
        let input::Json(order) = input::Json::from_request(request, parts).await?;
        Ok(Self { order, sender })
    }
}

/// What is chosen for all conflicts of an order.
pub(super) fn chosen(order: &ResolveOrder) -> Result<Chosen, Failure> {
    let ResolveOrder { keep, name_a, name_b, content, file, conflicts, .. } = order.clone();
    if keep == Keep::Other && conflicts.is_none_or(|shown| shown.len() != 1) {
        return Err(Failure::bad_request("one version takes the place of one conflict's"));
    }
    Ok(Chosen { keep, name_a, name_b, content, file })
}

/// The choice that an order means.
pub(super) fn choice(chosen: &Chosen, sender: Sender) -> Result<Choice, Failure> {
    let Chosen { keep, name_a, name_b, content, file } = chosen;
    if content.is_some() && file.is_some() {
        return Err(Failure::bad_request("`content` and `file` are two ways to say the same"));
    }
    if (content.is_some() || file.is_some()) != (*keep == Keep::Other) {
        return Err(Failure::bad_request("`content` or `file`, and `keep: other`, come together"));
    }
    let item = |index, name: &Option<String>| ResolutionItem { index, new_name: name.clone() };
    match (keep, name_a, name_b) {
        (Keep::A, Some(_), None) => return Ok(Choice::KeepItems(vec![item(0, name_a)])),
        (Keep::B, None, Some(_)) => return Ok(Choice::KeepItems(vec![item(1, name_b)])),
        (Keep::Both, Some(_), _) | (Keep::Both, _, Some(_)) => {
            return Ok(Choice::KeepItems(vec![item(0, name_a), item(1, name_b)]));
        }
        (_, None, None) => {}
        _ => return Err(Failure::bad_request("only a version that is kept gets a name")),
    }
    Ok(match keep {
        Keep::A => Choice::KeepOne(0),
        Keep::B => Choice::KeepOne(1),
        Keep::Both => Choice::KeepAll,
        Keep::Newest => Choice::KeepRecent,
        Keep::Largest => Choice::KeepLargest,
        Keep::Merged => Choice::KeepMerged,
        Keep::LeaveOut => Choice::RemoveFromSyncSet,
        Keep::Other => Choice::KeepOther(other(content.as_deref(), file.as_deref(), sender)?),
    })
}

fn other(content: Option<&str>, file: Option<&str>, sender: Sender) -> Result<OtherVersion, Failure> {
    match file {
        Some(file) if sender == Sender::Local => Ok(OtherVersion::Reference(file.to_owned())),
        // Whoever asks from elsewhere may not be allowed to read it.
        Some(_) => Err(Failure::bad_request("a file of this machine is named at the local socket only")
            .with_fix("send what is in it as `content`")),
        None => {
            let bytes = STANDARD.decode(content.unwrap_or_default());
            let bytes = bytes.map_err(|_| Failure::bad_request("`content` is no base64"))?;
            Ok(OtherVersion::Content(bytes))
        }
    }
}
