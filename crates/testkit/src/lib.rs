//! What tests are made of: real trees of files, and what became of them.

pub mod deep;
pub mod disk;
pub mod folding;
pub mod syncthing;
pub mod tree;
pub mod who;

pub use deep::Deep;
pub use disk::{Limited, Mounted, immutable};
pub use folding::{Folding, Folds};
pub use tree::{Entry, Stamp, Tree, moved, stamps, tree_of};
pub use who::as_nobody;
