//! Publishing: giving what was staged its final names, in one step each (S1, S2).

use std::sync::Arc;

use reconcile::path::Name;
use reconcile::{Kind, RelPath, Seen, Side};

use super::check::{is_same_tree, same_but_renamed};
use super::stage;
use super::task::{Instead, NewDir, Root, Staged, State};
use super::{Apply, ApplyError, Edit, Point, Stop, Trouble, Why, lock, split};
use crate::journal::{Deed, Stamp, Text};
use crate::side::SideError;
use crate::side::write::{Rename, WriteDir};
use crate::trash;

impl Apply<'_> {
    /// Publishes what was staged: flush, foretell, rename. What cannot be published is taken away again.
    pub(super) fn publish(
        &mut self,
        mut staged: Vec<Staged>,
        roots: Vec<Arc<Root>>,
    ) -> Result<(), ApplyError> {
        if staged.is_empty() && roots.is_empty() {
            return Ok(());
        }
        staged.sort_by(|x, y| (x.on, &x.dir, &x.name).cmp(&(y.on, &y.dir, &y.name)));
        // Of both sides: a copy is never to be found by the next run while the power could still take its source back to
        // something else of the same size and time.
        self.flush(&Side::BOTH)?;
        self.foretell_staged(&staged, &roots);
        lock(&self.journal).flush()?;
        self.hook(Point::Foretold, Side::A, &RelPath::root()).map_err(|_| ApplyError::Died)?;
        for root in roots {
            self.publish_root(&root)?;
        }
        self.publish_leaves(staged)
    }

    fn foretell_staged(&self, staged: &[Staged], roots: &[Arc<Root>]) {
        let mut journal = lock(&self.journal);
        for root in roots.iter().filter(|root| root.state() == State::Building) {
            let (dir, name) = split(&root.path);
            journal.add(&match &root.instead {
                None => Deed::Create {
                    on: root.on.into(),
                    dir: (&dir).into(),
                    made: vec![(Text(name), Stamp::from(&root.seen))],
                },
                Some(instead) => replaces(root.on, &root.path, &root.temp, &root.seen, instead),
            });
            for deed in &lock(&root.made).deeds {
                journal.add(deed);
            }
        }
        for of_one_dir in staged.chunk_by(|x, y| x.on == y.on && x.dir == y.dir) {
            let mut made = Vec::new();
            for one in of_one_dir {
                match &one.instead {
                    None => made.push((Text(one.name.clone()), Stamp::from(&one.made))),
                    Some(instead) => journal.add(&replaces(
                        one.on,
                        &one.dir.join(&one.name),
                        &one.temp,
                        &one.made,
                        instead,
                    )),
                }
            }
            if !made.is_empty() {
                let one = &of_one_dir[0];
                journal.add(&Deed::Create { on: one.on.into(), dir: (&one.dir).into(), made });
            }
        }
    }

    fn publish_root(&mut self, root: &Arc<Root>) -> Result<(), ApplyError> {
        if root.state() == State::Failed {
            self.failed(root.on, &root.path, Why::HalfMade);
            self.take_down(root);
            self.one_done(root.home.as_ref());
            return Ok(());
        }
        let (_, name) = split(&root.path);
        let result = self.side(root.on).folder(&root.dir).map_err(Stop::from).and_then(|dir| {
            self.publish_one(&Ready {
                on: root.on,
                path: &root.path,
                dir: &*dir,
                temp: &root.temp,
                name: &name,
                made: &root.seen,
                instead: root.instead.as_deref(),
            })
        });
        let made = std::mem::take(&mut *lock(&root.made));
        match result {
            Ok(_) => {
                root.set_state(State::Published);
                self.edits.extend(made.edits);
                self.count_made(root.on, Kind::Dir, root.instead.as_deref(), made.entries);
            }
            Err(Stop::Died) => return Err(ApplyError::Died),
            Err(Stop::Why(why)) => {
                root.set_state(State::Failed);
                for deed in made.deeds.iter().rev() {
                    if let Deed::Create { on, dir, made } = deed {
                        for (name, _) in made {
                            let path = if dir.0.is_empty() {
                                name.clone()
                            } else {
                                Text([&dir.0[..], b"/", &name.0[..]].concat())
                            };
                            self.note(&Deed::Void { on: *on, path });
                        }
                    }
                }
                self.failed(root.on, &root.path, why);
                self.take_down(root);
            }
        }
        self.one_done(root.home.as_ref());
        Ok(())
    }

    /// Removes a tree that is not published. One that people could see for a moment goes to the trash, for they may have
    /// put something into it.
    fn take_down(&self, root: &Root) {
        let side = self.side(root.on);
        let take_down = || {
            let dir = side.folder(&root.dir)?;
            if !is_made(&*dir, &root.temp, &root.seen)? {
                return Ok(());
            }
            match root.instead {
                Some(_) => self.trash[root.on as usize].take(&*dir, &root.temp, &root.path).map(drop),
                None => trash::remove_tree(side, &root.temp_path()).map(drop),
            }
        };
        if let Err(error) = take_down() {
            let (on, path) = (root.on, root.path.clone());
            self.trouble(Trouble { on, path, why: Why::Side(error) });
        }
    }

    /// Removes something that is not published.
    fn unmake(&self, dir: &dyn WriteDir, temp: &[u8], made: &Seen) -> Result<(), SideError> {
        if is_made(dir, temp, made)? { dir.remove(temp, made.kind) } else { Ok(()) }
    }

    fn publish_leaves(&mut self, staged: Vec<Staged>) -> Result<(), ApplyError> {
        let mut open: Option<Opened> = None;
        for one in staged {
            let path = one.dir.join(&one.name);
            if open.as_ref().is_none_or(|(on, dir, _)| *on != one.on || *dir != one.dir) {
                open = Some((one.on, one.dir.clone(), self.side(one.on).folder(&one.dir)));
            }
            let Some((_, _, dir)) = &open else { continue };
            let result = match dir {
                Ok(dir) => self.publish_one(&Ready {
                    on: one.on,
                    path: &path,
                    dir: &**dir,
                    temp: &one.temp,
                    name: &one.name,
                    made: &one.made,
                    instead: one.instead.as_deref(),
                }),
                // Each of its files has its own reason, even if it is the same.
                Err(_) => {
                    Err(self.side(one.on).folder(&one.dir).err().map_or(Why::Changed, Why::from).into())
                }
            };
            match result {
                Ok(made) => {
                    if one.instead.is_some() {
                        self.ours.insert((one.on, path.clone()), made);
                    }
                    self.count_made(one.on, made.kind, one.instead.as_deref(), 1);
                    // What is kept is news until the other side has it too, also to a run after this.
                    let news = self.news.get(&path).copied().unwrap_or_default();
                    let agreed = news.taken(&one.source, &made);
                    self.edits.push(Edit::set(path, one.on, &one.source, &agreed, true));
                }
                Err(Stop::Died) => return Err(ApplyError::Died),
                Err(Stop::Why(why)) => {
                    self.failed(one.on, &path, why);
                    if let Ok(dir) = dir
                        && let Err(error) = self.unmake(&**dir, &one.temp, &one.made)
                        && !is_missing(&error)
                    {
                        self.trouble(Trouble { on: one.on, path, why: error.into() });
                    }
                }
            }
            self.one_done(one.home.as_ref());
        }
        Ok(())
    }

    /// Gives one staged thing its final name; tells what it is then.
    fn publish_one(&self, ready: &Ready<'_>) -> Result<Seen, Stop> {
        let Ready { on, path, dir, temp, name, made, instead } = *ready;
        match instead {
            None => {
                self.hook(Point::Publishing, on, path)?;
                dir.rename(temp, dir, name, Rename::NoReplace)?;
            }
            Some(instead) => self.displace(ready, instead)?,
        }
        self.hook(Point::Published, on, path)?;
        let now = dir.look(name)?.ok_or(Why::Vanished)?;
        // Somebody was quicker to change it again than we to look: the base is told what we made, so that the next run
        // sees their change as one.
        Ok(if same_but_renamed(made, &now) { now } else { *made })
    }

    /// Puts the new version in the place of the old one, and the old one into the trash: a look before, and another when
    /// nobody can reach it any more. A late edit brings the old one back (S1).
    fn displace(&self, ready: &Ready<'_>, instead: &Instead) -> Result<(), Stop> {
        let Ready { on, path, dir, temp, name, made, .. } = *ready;
        let side = self.side(on);
        let expected = self.expected(on, path, &instead.target);
        let now = dir.look(name)?.ok_or(Why::Vanished)?;
        if !self.is_still(on, &expected, &now)
            || (now.kind == Kind::Dir && !is_same_tree(side, path, &instead.removed)?)
        {
            return Err(Why::Changed.into());
        }
        self.hook(Point::Publishing, on, path)?;
        let trash = &self.trash[on as usize];
        match dir.rename(temp, dir, name, Rename::Exchange) {
            Ok(()) => {}
            // In two steps where one is not to be had: for a moment nothing is there, never half of something.
            Err(_) if !side.capabilities().exchange => {
                let kept = trash.take(dir, name, path)?;
                self.hook(Point::Exchanged, on, path)?;
                let result = self.is_as_expected(on, &*kept.dir, &kept.name, &expected, instead);
                return match result {
                    Ok(true) => Ok(dir.rename(temp, dir, name, Rename::NoReplace)?),
                    other => {
                        trash.give_back(&kept, dir, name)?;
                        Err(other.err().unwrap_or(Why::Changed).into())
                    }
                };
            }
            Err(error) => return Err(error.into()),
        }
        self.hook(Point::Exchanged, on, path)?;
        let kept = match self.is_as_expected(on, dir, temp, &expected, instead) {
            Ok(true) => trash.take(dir, temp, path).map(drop).map_err(Why::from),
            Ok(false) => Err(Why::Changed),
            Err(why) => Err(why),
        };
        let Err(why) = kept else { return Ok(()) };
        dir.rename(temp, dir, name, Rename::Exchange)?;
        // What came back under the temporary name must be ours, else somebody has replaced it in that moment: theirs is
        // kept, in the trash at worst.
        match dir.look(temp)? {
            Some(back) if !same_but_renamed(made, &back) => {
                trash.take(dir, temp, path)?;
                Err(why.into())
            }
            _ => Err(why.into()),
        }
    }

    /// Whether what came out is the version that the plan saw.
    fn is_as_expected(
        &self,
        on: Side,
        dir: &dyn WriteDir,
        name: &[u8],
        expected: &Seen,
        instead: &Instead,
    ) -> Result<bool, Why> {
        let out = dir.look(name)?.ok_or(Why::Vanished)?;
        self.stir(on, &out);
        Ok(same_but_renamed(expected, &out)
            && (out.kind != Kind::Dir
                || is_same_tree(self.side(on), &dir.path().join(name), &instead.removed)?))
    }

    fn count_made(&mut self, on: Side, kind: Kind, instead: Option<&Instead>, entries: u64) {
        let counts = self.counts_on(on);
        match instead {
            None => counts.created += entries,
            Some(instead) if instead.target.kind == kind && kind != Kind::Dir => counts.updated += 1,
            Some(instead) => {
                counts.deleted += instead.removed.entries().max(1);
                counts.created += entries;
            }
        }
    }

    fn failed(&self, on: Side, path: &RelPath, why: Why) {
        self.note(&Deed::Void { on: on.into(), path: path.into() });
        self.undone(on, path, why);
    }

    /// A child of a directory that people see is there; the last one closes it.
    fn one_done(&mut self, home: Option<&Arc<NewDir>>) {
        let Some(home) = home.filter(|home| home.one_done()) else { return };
        match stage::close_dir(self, home, None) {
            Ok(edit) => self.edits.push(edit),
            Err(error) => {
                let (on, path) = (home.on, home.path.clone());
                self.trouble(Trouble { on, path, why: error.into() });
            }
        }
    }
}

/// Something staged that is to get its final name.
#[derive(Clone, Copy)]
struct Ready<'r> {
    on: Side,
    path: &'r RelPath,
    /// The directory that it is in.
    dir: &'r dyn WriteDir,
    /// Its name until then, and its final one.
    temp: &'r Name,
    name: &'r Name,
    made: &'r Seen,
    instead: Option<&'r Instead>,
}

/// The directory that was opened last, or why it could not be.
type Opened = (Side, RelPath, Result<Box<dyn WriteDir>, SideError>);

fn replaces(on: Side, path: &RelPath, temp: &[u8], made: &Seen, instead: &Instead) -> Deed {
    Deed::Replace {
        on: on.into(),
        path: path.into(),
        temp: Text(temp.to_vec()),
        made: made.into(),
        old: (&instead.target).into(),
    }
}

fn is_missing(error: &SideError) -> bool {
    matches!(error, SideError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Whether what has the temporary name is what we made. Where names had changed places and could not change back, it is
/// the person's old version: not ours to remove, the next run brings it to the trash.
fn is_made(dir: &dyn WriteDir, temp: &[u8], made: &Seen) -> Result<bool, SideError> {
    Ok(dir.look(temp)?.is_some_and(|now| same_but_renamed(made, &now)))
}
