//! What a machine synchronizes already: cron lines and timers that run rsync, rclone, restic, borg, unison or git, and
//! what these tools and Syncthing are set up for.
//!
//! A look only reads: nothing is written, nothing is run but `TOOL --version`, and no secret leaves the file that it
//! stands in (`mask`). Files are other people's: whatever is unreadable, huge or odd is told and passed over
//! (`files`).

mod argv;
mod backups;
mod borgmatic;
mod cron;
mod files;
mod job;
mod mask;
mod propose;
mod rclone;
mod roots;
mod script;
mod shell;
mod specifiers;
mod syncthing;
mod systemd;
mod tools;
mod unison;

use std::collections::HashSet;

use wire::{Detected, Found};

use files::Files;
pub use roots::Roots;

/// Looks at the machine beneath these roots.
pub fn look(roots: &Roots) -> Detected {
    let mut files = Files::default();
    let mut found = cron::look(roots, &mut files);
    found.extend(systemd::look(roots, &mut files));
    found.extend(syncthing::look(roots, &mut files));
    found.extend(unison::look(roots, &mut files));
    found.extend(borgmatic::look(roots, &mut files));
    found.extend(backups::look(roots, &mut files));
    found.extend(rclone::look(roots, &mut files));
    found.sort_by_key(|found| found.kind);
    name_apart(&mut found);
    Detected { tools: tools::look(roots, &found), found, unread: files.unread() }
}

/// No two are to become the same item, and none one that there is.
fn name_apart(found: &mut [Found]) {
    let mut taken = HashSet::new();
    for found in found {
        let wanted = match (&found.run, &found.watch) {
            (Some(run), _) => run.item.clone(),
            (None, Some(watch)) => watch.name.clone(),
            (None, None) => continue,
        };
        let mut name = wanted.clone();
        let mut number = 1_u32;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        if name != wanted {
            if let Some(run) = &mut found.run {
                propose::rename(run, &name);
            }
            if let Some(watch) = &mut found.watch {
                job::rename(watch, &wanted, &name);
            }
        }
    }
}
