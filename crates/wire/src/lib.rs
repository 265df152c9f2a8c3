//! The types of the API, of the event stream and of the handler protocol, with their schemas. No behaviour.
