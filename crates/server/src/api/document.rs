//! What the document says beside the routes.

use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{ArrayItems, KnownFormat, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use wire::said::LARGEST;
use wire::{Fault, Role};

use crate::failure::PROBLEM_JSON;

/// The document before the routes are in it.
pub(super) fn frame() -> OpenApi {
    let fault = ResponseBuilder::new()
        .description("The request was not carried out.")
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(Ref::from_schema_name("Fault"))).build())
        .build();
    let mut components = Components::new();
    components.schemas.insert(Fault::name().into_owned(), Fault::schema());
    components.responses.insert("Fault".into(), RefOr::T(fault));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token. Not needed at the local socket."))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .info(
            InfoBuilder::new()
                .title("Instep")
                // The version of the API, not of the program: the document changes when the API does.
                .version("1")
                .description(Some("One place that runs, watches, stops and explains every synchronization."))
                .build(),
        )
        .components(Some(components))
        .build()
}

/// Says who may ask for these.
pub(super) fn say_role(routes: &mut OpenApi, role: Role) {
    for item in routes.paths.paths.values_mut() {
        for operation in operations(item) {
            let said = operation.description.take().map(|said| format!("{said}\n\n")).unwrap_or_default();
            operation.description = Some(format!("{said}Needs the role `{role}`."));
        }
    }
}

/// The document with what is the same everywhere: whatever is no success is a fault, and what may be null is there.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let fault: RefOr<Response> = RefOr::Ref(Ref::from_response_name("Fault"));
            operation.responses.responses.entry("default".into()).or_insert(fault);
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
                    bound(schema);
                }
            }
        }
    }
    for schema in document.components.iter_mut().flat_map(|components| components.schemas.values_mut()) {
        require_nullable(schema);
        bound(schema);
    }
    document
}

/// Whole numbers have a largest one.
fn bound(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let whole = SchemaFormat::KnownFormat(KnownFormat::Int64);
            if object.format == Some(whole) && object.minimum.is_some() {
                object.maximum = Some(LARGEST.into());
            }
            object.properties.values_mut().for_each(bound);
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                bound(items);
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(bound),
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(bound),
        _ => {}
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Our answers leave nothing out: what there is none of is null. So clients need to know only one kind of nothing.
fn require_nullable(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for (name, property) in &object.properties {
                if may_be_null(property) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(require_nullable),
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(require_nullable),
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let null = |kind: &SchemaType| match kind {
        SchemaType::Type(one) => *one == Type::Null,
        SchemaType::Array(several) => several.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => null(&array.schema_type),
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(may_be_null),
        _ => false,
    }
}
