//! What a handler that says nothing of requests from outside answers to them.

use syncmgr::handler::ItemList;
use syncmgr::plan::PreviewError;
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemContainer, ItemId, Refusal, Request, RunId, SessionCreator,
};

struct Plain {
    id: HandlerId,
    items: ItemList,
}

impl Handler for Plain {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Plain".into())
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn synchronize(
        &self,
        _: &[ItemId],
        _: &dyn SessionCreator,
        _: Option<&Request>,
    ) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[test]
fn a_handler_without_options_takes_the_empty_object_and_refuses_all_else() {
    let plain = Plain { id: HandlerId::new("plain").unwrap(), items: ItemList::default() };
    for empty in ["", "{}", " { } ", "{\n}"] {
        assert!(plain.request(empty).unwrap().is_none(), "{empty:?}");
    }
    for options in ["{\"a\":1}", "[]", "null", "{", "}", "x"] {
        assert!(matches!(plain.request(options), Err(Refusal::InvalidArgument(_))), "{options}");
    }
}

#[test]
fn a_handler_that_cannot_say_beforehand_says_that() {
    let plain = Plain { id: HandlerId::new("plain").unwrap(), items: ItemList::default() };
    let item = ItemId::new("photos").unwrap();
    let refused = |error: &PreviewError| matches!(error, PreviewError::Refused(Refusal::NotImplemented(_)));
    let error = plain.preview(&item, "{}", &()).unwrap_err();
    assert!(refused(&error) && error.to_string().contains("'photos'"), "{error}");
    assert!(refused(&plain.verify(&item, "{}", &()).unwrap_err()));
    assert!(plain.undo_request(RunId(1)).is_none() && plain.command_line(&item).is_none());
}
