//! The schema of the file, for editors: JSON Schema, draft 7, which is what editors of TOML read.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::alerts::RuleKeys;
use crate::channels::Kind;
use crate::collections::{CollectionKeys, PartnerKeys};
use crate::handlers::HandlerKeys;
use crate::hooks::Hooks;
use crate::items::{CommonKeys, DEFAULT_HANDLER};
use crate::sections::{MergeTool, ResultsKept, Secrets, Server, Stop};

/// The schema of the whole file. `K` are the keys of the items that name no handler.
pub fn schema<K: JsonSchema>() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let item = item::<K>(&mut generator);
    let named = |schema: Value| json!({ "type": "object", "additionalProperties": schema });
    let handlers = generator.subschema_for::<HandlerKeys>().to_value();
    let channels = generator.subschema_for::<Kind>().to_value();
    let alerts = generator.subschema_for::<RuleKeys>().to_value();
    let sections = json!({
        "items": named(item),
        "handlers": named(handlers),
        "collections": named(collection(&mut generator)),
        "channels": named(channels),
        "alerts": { "type": "array", "items": alerts },
        "hooks": generator.subschema_for::<Hooks>().to_value(),
        "server": generator.subschema_for::<Server>().to_value(),
        "results": generator.subschema_for::<ResultsKept>().to_value(),
        "merge": generator.subschema_for::<MergeTool>().to_value(),
        "stop": generator.subschema_for::<Stop>().to_value(),
        "secrets": generator.subschema_for::<Secrets>().to_value(),
    });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The settings of Instep",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
        "definitions": Value::Object(generator.take_definitions(true)),
    })
}

/// An item: what every item has, and of those that name no handler what their kind has. What others have only their
/// handlers know.
fn item<K: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let common = object(CommonKeys::json_schema(generator).to_value());
    let own = object(K::json_schema(generator).to_value());
    let part = |object: &Map<String, Value>, key: &str| object.get(key).cloned().unwrap_or_default();
    let mut properties = object(part(&common, "properties"));
    let others = properties.clone();
    properties.extend(object(part(&own, "properties")));
    json!({
        "if": { "properties": { "handler": { "const": DEFAULT_HANDLER } } },
        "then": {
            "type": "object",
            "properties": properties,
            "required": part(&own, "required"),
            "additionalProperties": false,
        },
        "else": { "type": "object", "properties": others },
    })
}

/// A collection: what each has; all else only its kind knows.
fn collection(generator: &mut SchemaGenerator) -> Value {
    let keys = |schema: Value| object(schema).remove("properties").unwrap_or_default();
    let partner = keys(PartnerKeys::json_schema(generator).to_value());
    let mut properties = object(keys(CollectionKeys::json_schema(generator).to_value()));
    let partners = json!({
        "type": "object",
        "description": "Partners of which something else is said, by the name that the tool has for them.",
        "additionalProperties": { "type": "object", "properties": partner },
    });
    properties.insert("partners".into(), partners);
    json!({ "type": "object", "properties": properties })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
