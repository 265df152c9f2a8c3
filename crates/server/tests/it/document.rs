//! The API's document is reviewed: what changes it changes the file beside the docs.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = server::api::document().to_pretty_json().unwrap() + "\n";
    if env::var_os("INSTEP_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &made).unwrap();
    }
    let reviewed = fs::read_to_string(&golden).unwrap_or_default();
    // By value: in which order an object's members are written depends on what else is built.
    let [made, reviewed] = [made, reviewed].map(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    assert!(
        made.is_some() && made == reviewed,
        "docs/openapi.json is not what the routes say: run this test with INSTEP_WRITE_GOLDEN=1 and review the change"
    );
}

#[test]
fn every_answer_that_is_no_success_is_documented() {
    let document = serde_json::to_value(server::api::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let fault = &operation["responses"]["default"]["$ref"];
            assert_eq!(fault, "#/components/responses/Fault", "{method} {path}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(server::api::document()).unwrap();
    let mut names = std::collections::HashSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(names.insert(operation["operationId"].to_string()), "{}", operation["operationId"]);
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

fn collect_references<'a>(value: &'a serde_json::Value, references: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::Object(object) => {
            references.extend(object.get("$ref").and_then(|reference| reference.as_str()));
            object.values().for_each(|value| collect_references(value, references));
        }
        serde_json::Value::Array(values) => {
            values.iter().for_each(|value| collect_references(value, references));
        }
        _ => {}
    }
}
