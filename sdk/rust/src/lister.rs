//! A process that lists the partners of a collection, and is asked for nothing else.

use syncmgr::{HandlerCollection, HandlerId};
use wire::rpc::handler::{ListPartners, PartnerPage};
use wire::rpc::{ErrorObject, Method, paged};

use crate::call::{Answered, page_end, page_start};
use crate::server::failed;

pub(crate) fn answer(
    collection: &dyn HandlerCollection,
    method: &str,
    params: &str,
) -> Answered<PartnerPage> {
    if method != ListPartners::NAME {
        return Err(ErrorObject::unknown_method(method));
    }
    let question: ListPartners =
        serde_json::from_str(params).map_err(|why| ErrorObject::invalid_params(method, &why.to_string()))?;
    let all = collection.handlers().map_err(failed)?;
    let from = page_start(question.after.as_deref())?;
    let partners: Vec<String> = paged(all.iter().skip(from).map(HandlerId::to_string));
    Ok(PartnerPage { next: page_end(from + partners.len(), all.len()), partners })
}
