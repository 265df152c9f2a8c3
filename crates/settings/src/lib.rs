//! What a person wrote down: the one settings file, read strictly and edited with its comments kept.
