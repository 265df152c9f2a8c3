//! The words for what an item connects: a backup has no sides A and B.

/// How results speak of the two ends of an item, in its tool's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// What they are called ("the source", "the destination"); none where the tool does not tell at which of them
    /// something happened.
    pub names: Option<[String; 2]>,
    /// How something is there: `on` it, or `in` it.
    pub at: &'static str,
    /// What is said of a run that found nothing to do.
    pub same: String,
}

impl Ends {
    pub(crate) fn new(a: impl Into<String>, b: impl Into<String>, same: impl Into<String>) -> Self {
        Self { names: Some([a.into(), b.into()]), at: "on", same: same.into() }
    }

    /// From a source to a destination, which is equal to it afterwards, or has at least what the source has.
    pub(super) fn one_way(becomes_equal: bool) -> Self {
        let same = match becomes_equal {
            true => "the source and the destination are the same",
            false => "the destination has all that the source has",
        };
        Self::new("the source", "the destination", same)
    }

    /// From paths into a repository.
    pub(super) fn backup() -> Self {
        let same = "the repository has everything";
        Self { at: "in", ..Self::new("the paths", "the repository", same) }
    }

    /// What a preview calls its sides: a repository with something in it is none.
    pub fn sides(&self) -> Option<[String; 2]> {
        self.names.clone().filter(|_| self.at == "on")
    }

    /// Where something happened, in words.
    pub fn places(&self) -> Option<[String; 2]> {
        self.names.as_ref().map(|names| names.each_ref().map(|name| format!("{} {name}", self.at)))
    }
}
