//! The HTTP API, its event stream and the web page: a thin skin over the center.
