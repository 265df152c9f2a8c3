//! What is kept of an entry on request alone: its owner and its extended attributes, themselves and in short.

use reconcile::path::Name;
use reconcile::{Extras, Facets, Owner, Seen};

use super::SideError;

/// One extended attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// Its name, with the name space in front.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// Owner and attributes, as far as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraValues {
    /// Whose it is.
    pub owner: Option<Owner>,
    /// All attributes that are kept, sorted.
    pub attributes: Option<Vec<Attribute>>,
}

impl ExtraValues {
    /// In short, as a [`Seen`] has them.
    pub fn summary(&self) -> Extras {
        Extras {
            owner: self.owner.unwrap_or_default(),
            attributes: self.attributes.as_deref().map_or(0, digest),
        }
    }

    /// Only these parts.
    #[must_use]
    pub fn only(self, parts: Facets) -> Self {
        Self {
            owner: self.owner.filter(|_| parts.owner),
            attributes: self.attributes.filter(|_| parts.attributes),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.owner.is_none() && self.attributes.is_none()
    }
}

/// What came of setting owner and attributes.
#[derive(Debug)]
pub struct Given {
    /// What it is now.
    pub seen: Seen,
    /// What was refused, and why the first of it was: all else is set.
    pub refused: Option<(Facets, SideError)>,
}

/// Whether an attribute is kept: what people and programs set, access lists, and what a program is capable of. Labels of
/// a machine's own policy, and what only its administrator's tools understand, mean nothing elsewhere.
pub fn is_kept(name: &Name) -> bool {
    name.starts_with(b"user.")
        || matches!(name, b"system.posix_acl_access" | b"system.posix_acl_default" | b"security.capability")
}

/// The attributes in short, never zero: that means unknown.
pub fn digest(sorted: &[Attribute]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for Attribute { name, value } in sorted {
        for bytes in [name, value] {
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
    }
    let mut short = [0; 8];
    hasher.finalize_xof().fill(&mut short);
    u64::from_le_bytes(short).max(1)
}

/// Which bits of a mode must not go along from what belongs to `original` to what belongs to `copy`: the copy would lend
/// the rights of somebody who never granted them.
pub fn not_lent(original: Owner, copy: Owner) -> u32 {
    let user = if original.user == copy.user { 0 } else { 0o4000 };
    let group = if original.group == copy.group { 0 } else { 0o2000 };
    user | group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_machine_are_left_out() {
        for kept in
            ["user.comment", "system.posix_acl_access", "system.posix_acl_default", "security.capability"]
        {
            assert!(is_kept(kept.as_bytes()), "{kept}");
        }
        for left in ["security.selinux", "security.ima", "trusted.overlay.opaque", "system.nfs4_acl", "userx"]
        {
            assert!(!is_kept(left.as_bytes()), "{left}");
        }
    }

    #[test]
    fn a_digest_tells_names_and_values_apart() {
        let one = |name: &str, value: &str| Attribute { name: name.into(), value: value.into() };
        let all = [
            digest(&[]),
            digest(&[one("user.a", "")]),
            digest(&[one("user.a", "b")]),
            digest(&[one("user.ab", "")]),
            digest(&[one("user.a", ""), one("user.b", "")]),
        ];
        for (at, digest) in all.iter().enumerate() {
            assert!(*digest != 0 && !all[at + 1..].contains(digest));
        }
    }
}
