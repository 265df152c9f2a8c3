//! What people, crashes and failing disks do to folder pairs, through the real binary on real folders.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests, with helpers of their own"
)]

mod busy;
mod calls;
mod injected;
mod pair;
mod random;
