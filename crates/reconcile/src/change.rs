//! What happened to a name on one side since both agreed on it, as far as a status call can tell.

use crate::entry::{Kind, Seen, Time};
use crate::facets::Facet;
use crate::policy::Policy;

/// What happened to a version since the base, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing.
    None,
    /// Surely only permissions, owner or attributes.
    Mode,
    /// One of those, or the time by exactly an hour, and nothing speaks for an edit; but only the content could prove it.
    Meta,
    /// The inode was touched in some way that leaves content, time and permissions as they were, or an edit put the
    /// time back, or came so soon that it got the same time.
    Inode,
    /// Another time or another object of the same size: an edit or a touch.
    Unclear,
    /// Another size.
    Edited,
    /// Another kind of thing.
    Kind,
}

impl Change {
    /// What changed between two sights of one name on one side.
    pub fn between(was: &Seen, is: &Seen) -> Self {
        if was.kind != is.kind {
            return Self::Kind;
        }
        let same_mode = !Facet::ALL.into_iter().any(|facet| facet.differs(was, is));
        if is.kind == Kind::Dir {
            return if same_mode { Self::None } else { Self::Mode };
        }
        if was.size != is.size {
            return Self::Edited;
        }
        let same_ctime =
            !was.is_in_doubt() && (was.ctime == is.ctime || !known(was.ctime) || !known(is.ctime));
        if !was.id.may_be(is.id) {
            return Self::Unclear;
        }
        match (was.mtime == is.mtime, same_mode, same_ctime) {
            (true, true, true) => Self::None,
            (true, false, true) => Self::Mode,
            (true, false, false) => Self::Meta,
            (true, true, false) => Self::Inode,
            (false, ..) if is_hour_apart(was.mtime, is.mtime) => Self::Meta,
            (false, ..) => Self::Unclear,
        }
    }

    /// Whether the content is what it was, without looking at it.
    pub fn keeps_content(self) -> bool {
        self <= Self::Mode
    }

    /// Whether a deletion on the other side wins over it: a change of metadata is no edit. What might be one survives;
    /// but an inode with its old size and time was linked, or got another owner or attribute, far more often than
    /// somebody put the time back after an edit, and the trash keeps it.
    pub fn yields_to_deletion(self) -> bool {
        self <= Self::Inode
    }

    /// Whether it looks like an edit, where the contents are known to differ.
    pub fn looks_like_edit(self) -> bool {
        self >= Self::Unclear
    }
}

fn known(time: Time) -> bool {
    time != Time::default()
}

/// Summer time on a file system that keeps local time moves all of its times by exactly an hour.
pub(crate) fn is_hour_apart(x: Time, y: Time) -> bool {
    x.nanos == y.nanos && x.secs.abs_diff(y.secs) == 3600
}

/// Whether a clock could have said that when something was edited: after 1970, and not more than a day ahead.
pub(crate) fn is_plausible(time: Time, policy: &Policy) -> bool {
    time.secs > 0 && time.secs <= policy.now.secs.saturating_add(86_400)
}

/// Whether two sides' times are the same, as exactly as the coarser of both can say it.
pub(crate) fn same_time(x: Time, y: Time, policy: &Policy) -> bool {
    x == y || x.nanos().abs_diff(y.nanos()) < u128::from(policy.time_resolution)
}
