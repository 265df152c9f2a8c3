//! Handlers that live in other processes: the host of the handler protocol, and wrapped tools.
