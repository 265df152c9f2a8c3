//! What a person wrote down: the one settings file, read strictly and edited with its comments kept.

mod one_or_many;
pub mod period;
pub mod schedule;
