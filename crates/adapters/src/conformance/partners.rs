//! The partners of a collection, which is asked for them twice.

use std::collections::BTreeSet;

use syncmgr::HandlerId;

use super::{Findings, Trial, probe};
use crate::host::{HandlerSpec, Membership};

/// The process of each partner, as a center would start it.
pub(super) fn list(spec: &HandlerSpec, trial: &Trial, findings: &mut Findings) -> Vec<HandlerSpec> {
    let (first, again) = match (probe::partners(spec, trial), probe::partners(spec, trial)) {
        (Ok(first), Ok(again)) => (first, again),
        (Err(why), _) | (_, Err(why)) => {
            findings.broken("P11", why);
            return Vec::new();
        }
    };
    if let Some(gone) = first.iter().find(|partner| !again.contains(partner)) {
        findings.broken("P11", format!("partner '{gone}' is gone after a restart"));
    }
    if first.is_empty() {
        findings.not_tried("P11", "it has no partner just now");
    }
    let (mut specs, mut seen) = (Vec::new(), BTreeSet::new());
    for partner in first {
        match HandlerId::new(&format!("{}:{partner}", spec.id)) {
            Err(why) => findings.broken("P11", format!("'{partner}' is no partner's identifier: {why}")),
            Ok(id) if !seen.insert(id.clone()) => {
                findings.broken("P11", format!("partner '{partner}' is listed twice"));
            }
            Ok(id) => {
                findings.held("P11");
                let of = Membership { collection: spec.id.to_string(), partner: Some(partner) };
                specs.push(HandlerSpec { id, collection: Some(of), ..spec.clone() });
            }
        }
    }
    specs
}
