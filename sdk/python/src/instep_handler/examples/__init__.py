"""Complete handlers, to be used and to be read."""
