//! Being somebody else: tests about permissions say nothing when root runs them.

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Runs `work` on a thread that has no privileges: as "nobody" if root runs the tests, else as who runs them.
///
/// # Panics
/// The work panicked, or privileges could not be given up.
#[expect(clippy::expect_used, reason = "a test that cannot set its scene has failed")]
pub fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let root = geteuid().is_root();
    let unprivileged = || {
        if root {
            // These calls hold for one thread, unlike those of the C library.
            let (uid, gid) = (Uid::from_raw(65534), Gid::from_raw(65534));
            set_thread_groups(&[]).expect("root may leave its groups");
            set_thread_res_gid(gid, gid, gid).expect("root may change its group");
            set_thread_res_uid(uid, uid, uid).expect("root may become nobody");
        }
        work()
    };
    std::thread::scope(|scope| match scope.spawn(unprivileged).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
