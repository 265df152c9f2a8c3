//! The machine-readable schema of the protocol, made from the types.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::message::ErrorObject;
use super::version::VERSION;
use super::{center, handler};

/// One method, as the schema describes it.
pub(super) struct MethodSchema {
    pub(super) name: &'static str,
    pub(super) params: Schema,
    pub(super) answer: Schema,
}

/// The names of the methods that a handler is asked.
pub fn handler_methods() -> Vec<&'static str> {
    handler::methods(&mut SchemaGenerator::default()).iter().map(|method| method.name).collect()
}

/// The names of the methods that the center is asked.
pub fn center_methods() -> Vec<&'static str> {
    center::methods(&mut SchemaGenerator::default()).iter().map(|method| method.name).collect()
}

/// The schema: every method of both directions with its parameters and its answer.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let to_handler = methods(handler::methods(&mut generator));
    let to_center = methods(center::methods(&mut generator));
    let error = generator.subschema_for::<ErrorObject>();
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The handler protocol of Instep",
        "description": "JSON-RPC 2.0, one object per line. A message of method M has the params and the result that stand here under M; an answer with an error has the error.",
        "version": VERSION,
        "center_to_handler": to_handler,
        "handler_to_center": to_center,
        "error": error,
        "$defs": definitions,
    })
}

fn methods(list: Vec<MethodSchema>) -> Map<String, Value> {
    list.into_iter()
        .map(|method| (method.name.to_owned(), json!({ "params": method.params, "result": method.answer })))
        .collect()
}
