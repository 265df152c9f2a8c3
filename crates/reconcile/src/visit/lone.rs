//! A directory that only one side has.

use std::cmp::Ordering;

use super::{Detail, Here, Visit};
use crate::change::Change;
use crate::decide::Decision;
use crate::entry::{Kind, Side};
use crate::facets::Facets;
use crate::find::{Intent, Leaf, Listed};
use crate::plan::NoteKind;
use crate::world::{Agreement, DirKey, Listing};

impl Visit<'_> {
    pub(super) fn lone(&mut self, on: Side, base: Option<DirKey>, intent: Intent, detail: Detail) {
        let mut listed = Listed { path: self.node.path.clone(), base, ..Listed::default() };
        let agreement = base.and_then(|key| self.world.agreement(key)).unwrap_or_default();
        match self.list(on) {
            Some(listing) => {
                listed.stays = listing.excluded > 0;
                self.lone_names(on, intent, detail, &listing, &agreement, &mut listed);
            }
            None => listed.unreadable = true,
        }
        self.found.listed = Some(listed);
    }

    fn lone_names(
        &mut self,
        on: Side,
        intent: Intent,
        detail: Detail,
        listing: &Listing,
        agreement: &Agreement,
        listed: &mut Listed,
    ) {
        let mut base_names = agreement.iter().peekable();
        for (name, seen) in listing.iter() {
            while let Some((vanished, _)) = base_names.next_if(|entry| entry.0.cmp(name) == Ordering::Less) {
                listed.vanished.push(vanished.into());
            }
            let agreed = base_names.next_if(|entry| entry.0 == name).map(|entry| entry.1);
            let (a, b) = if on == Side::A { (Some(seen), None) } else { (None, Some(seen)) };
            let here = Here {
                name,
                base: agreed,
                a,
                b,
                dir: listed.base,
                moves: detail != Detail::Sum,
                taken: None,
                scope: None,
            };
            self.lone_name(&here, on, intent, detail, listed);
        }
        listed.vanished.extend(base_names.map(|(vanished, _)| vanished.into()));
    }

    fn lone_name(&mut self, here: &Here<'_>, on: Side, intent: Intent, detail: Detail, listed: &mut Listed) {
        let Some(seen) = here.on(on) else { return };
        match seen.kind {
            Kind::Special => {
                listed.stays = true;
                // What the base had there is gone.
                listed.vanished.extend(here.base.map(|_| here.name.into()));
                self.note(self.path(here), NoteKind::Special(on));
                return;
            }
            Kind::Unreadable => {
                listed.stays = true;
                let refused = NoteKind::Unreadable(on, "its status was refused".to_owned());
                self.note(self.path(here), refused);
                return;
            }
            Kind::File | Kind::Dir | Kind::Link => {}
        }
        if self.is_filtered(here) {
            listed.stays = true;
            return;
        }
        let take = |note| Decision::Take { from: on, keep: Facets::NONE, force: false, note };
        let decision = match (intent, here.base) {
            (Intent::Copy, _) | (Intent::Sync, None) => take(None),
            (Intent::Purge, _) => Decision::Drop { on, force: true },
            (Intent::Sync, Some(base)) => {
                if Change::between(base.on(on), seen).yields_to_deletion() {
                    Decision::Drop { on, force: false }
                } else {
                    take(Some(NoteKind::EditSurvived(on)))
                }
            }
        };
        listed.survivors |= intent == Intent::Sync && matches!(decision, Decision::Take { .. });
        if seen.kind == Kind::Dir {
            let intent = if matches!(decision, Decision::Take { .. }) { Intent::Copy } else { intent };
            let waits = detail == Detail::FilesAndDirs && here.base.is_none();
            self.tree(here, on, self.path(here), intent, (!waits).then_some(detail));
        } else if detail == Detail::Sum {
            listed.tally.add(here.name, seen, here.base.is_some());
        } else {
            self.found.leaves.push(Leaf {
                path: self.path(here),
                dir: here.dir,
                on,
                at: self.node.child_at(on, here.name),
                seen: *seen,
                agreed: here.base.map(|base| Box::new(*base)),
                decision,
            });
        }
    }
}
