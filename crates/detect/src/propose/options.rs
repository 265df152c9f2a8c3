//! Options of tools: which take a value, so that operands are told from values.

use super::Refused;
use crate::shell::Word;

/// The options of a command of a tool.
pub(super) struct Known {
    /// Those that stand alone.
    pub(super) alone: &'static [&'static str],
    /// Those that take the next word, unless their value follows `=`.
    pub(super) valued: &'static [&'static str],
    /// Letters that stand alone, also together.
    pub(super) letters: &'static str,
    /// Letters that take a value.
    pub(super) valued_letters: &'static str,
    /// Whether long options begin with one dash (Unison's).
    pub(super) one_dash: bool,
}

/// A command taken apart.
#[derive(Default)]
pub(super) struct Taken {
    /// Options as an item takes them: each with its value.
    pub(super) options: Vec<(String, Option<String>)>,
    pub(super) operands: Vec<String>,
}

impl Taken {
    /// Takes an option out; whether it was there.
    pub(super) fn take(&mut self, names: &[&str]) -> bool {
        let before = self.options.len();
        self.options.retain(|(name, _)| !names.contains(&name.as_str()));
        before != self.options.len()
    }

    /// Takes the values of an option out.
    pub(super) fn values(&mut self, names: &[&str]) -> Vec<String> {
        let mut values = Vec::new();
        self.options.retain_mut(|(name, value)| {
            if names.contains(&name.as_str()) {
                values.extend(value.take());
                return false;
            }
            true
        });
        values
    }

    /// What is left, as words.
    pub(super) fn rest(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (name, value) in &self.options {
            match value {
                None => words.push(name.clone()),
                Some(value) if name.starts_with("--") => words.push(format!("{name}={value}")),
                Some(value) => words.extend([name.clone(), value.clone()]),
            }
        }
        words
    }
}

impl Known {
    /// Takes a command apart.
    pub(super) fn take(&self, words: &[Word]) -> Result<Taken, Refused> {
        let mut taken = Taken::default();
        let mut words = words.iter().map(|word| word.text.as_str());
        let unknown = |option: &str| Refused(format!("the option {option} is not known here"));
        while let Some(word) = words.next() {
            let long = if self.one_dash { word.starts_with('-') } else { word.starts_with("--") };
            if word == "--" {
                taken.operands.extend(words.by_ref().map(ToOwned::to_owned));
            } else if long && word.len() > 1 {
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (word, None),
                };
                let value = match value {
                    None if self.valued.contains(&name) => {
                        Some(words.next().ok_or_else(|| unknown(name))?.to_owned())
                    }
                    None if !self.alone.contains(&name) => return Err(unknown(name)),
                    value => value,
                };
                taken.options.push((name.to_owned(), value));
            } else if word.starts_with('-') && word.len() > 1 {
                self.letters(&word[1..], &mut words, &mut taken)?;
            } else {
                taken.operands.push(word.to_owned());
            }
        }
        Ok(taken)
    }

    fn letters<'w>(
        &self,
        cluster: &str,
        words: &mut impl Iterator<Item = &'w str>,
        taken: &mut Taken,
    ) -> Result<(), Refused> {
        for (at, letter) in cluster.char_indices() {
            let name = format!("-{letter}");
            if self.valued_letters.contains(letter) {
                let attached = &cluster[at + letter.len_utf8()..];
                let value = if attached.is_empty() { words.next() } else { Some(attached) };
                let value = value.ok_or_else(|| Refused(format!("the option {name} has no value")))?;
                taken.options.push((name, Some(value.trim_start_matches('=').to_owned())));
                return Ok(());
            }
            if !self.letters.contains(letter) {
                return Err(Refused(format!("the option {name} is not known here")));
            }
            taken.options.push((name, None));
        }
        Ok(())
    }
}

pub(super) const RSYNC: Known = Known {
    alone: &[
        "--archive",
        "--recursive",
        "--links",
        "--perms",
        "--times",
        "--owner",
        "--group",
        "--devices",
        "--specials",
        "--delete",
        "--delete-before",
        "--delete-during",
        "--delete-delay",
        "--delete-after",
        "--delete-excluded",
        "--del",
        "--force",
        "--verbose",
        "--quiet",
        "--compress",
        "--update",
        "--inplace",
        "--append",
        "--checksum",
        "--one-file-system",
        "--hard-links",
        "--acls",
        "--xattrs",
        "--sparse",
        "--numeric-ids",
        "--partial",
        "--progress",
        "--stats",
        "--human-readable",
        "--itemize-changes",
        "--backup",
        "--ignore-existing",
        "--existing",
        "--ignore-errors",
        "--size-only",
        "--ignore-times",
        "--relative",
        "--no-implied-dirs",
        "--prune-empty-dirs",
        "--copy-links",
        "--safe-links",
        "--copy-unsafe-links",
        "--whole-file",
        "--fuzzy",
        "--cvs-exclude",
        "--no-owner",
        "--no-group",
        "--no-perms",
        "--no-times",
        "--no-o",
        "--no-g",
        "--no-p",
        "--omit-dir-times",
        "--executability",
        "--fake-super",
        "--delay-updates",
        "--fsync",
        "--mkpath",
        "--old-args",
        "--secluded-args",
        "--protect-args",
        "--ipv4",
        "--ipv6",
        "--super",
        "--preallocate",
        "--keep-dirlinks",
        "--dirs",
    ],
    valued: &[
        "--exclude",
        "--exclude-from",
        "--include",
        "--include-from",
        "--filter",
        "--files-from",
        "--rsh",
        "--rsync-path",
        "--bwlimit",
        "--backup-dir",
        "--suffix",
        "--log-file",
        "--log-file-format",
        "--link-dest",
        "--compare-dest",
        "--copy-dest",
        "--temp-dir",
        "--timeout",
        "--contimeout",
        "--port",
        "--chmod",
        "--chown",
        "--max-delete",
        "--max-size",
        "--min-size",
        "--partial-dir",
        "--out-format",
        "--info",
        "--debug",
        "--modify-window",
        "--usermap",
        "--groupmap",
        "--skip-compress",
        "--compress-choice",
        "--compress-level",
        "--checksum-choice",
        "--iconv",
        "--address",
        "--block-size",
        "--password-file",
        "--stop-after",
    ],
    letters: "arlptgoDvqzucxHAXSPhibCRmLkKWyIO46jEUsdn",
    valued_letters: "efBTM",
    one_dash: false,
};

pub(super) const RCLONE: Known = Known {
    alone: &[
        "--verbose",
        "--quiet",
        "--progress",
        "--use-json-log",
        "--checksum",
        "--update",
        "--fast-list",
        "--ignore-existing",
        "--ignore-size",
        "--ignore-times",
        "--ignore-errors",
        "--ignore-case",
        "--ignore-checksum",
        "--size-only",
        "--delete-excluded",
        "--delete-before",
        "--delete-during",
        "--delete-after",
        "--create-empty-src-dirs",
        "--links",
        "--copy-links",
        "--skip-links",
        "--one-file-system",
        "--track-renames",
        "--immutable",
        "--no-traverse",
        "--no-check-dest",
        "--no-update-modtime",
        "--inplace",
        "--metadata",
        "--stats-one-line",
        "--server-side-across-configs",
        "--drive-acknowledge-abuse",
        "--check-first",
        "--check-access",
        "--remove-empty-dirs",
        "--resilient",
        "--recover",
        "--syslog",
        "--use-mmap",
        "--no-check-certificate",
    ],
    valued: &[
        "--config",
        "--transfers",
        "--checkers",
        "--bwlimit",
        "--log-file",
        "--log-level",
        "--filter",
        "--filter-from",
        "--filters-file",
        "--exclude",
        "--exclude-from",
        "--exclude-if-present",
        "--include",
        "--include-from",
        "--files-from",
        "--max-age",
        "--min-age",
        "--max-size",
        "--min-size",
        "--max-depth",
        "--backup-dir",
        "--suffix",
        "--stats",
        "--stats-log-level",
        "--retries",
        "--retries-sleep",
        "--low-level-retries",
        "--tpslimit",
        "--tpslimit-burst",
        "--timeout",
        "--contimeout",
        "--max-delete",
        "--max-transfer",
        "--max-duration",
        "--buffer-size",
        "--compare-dest",
        "--copy-dest",
        "--order-by",
        "--multi-thread-streams",
        "--multi-thread-cutoff",
        "--user-agent",
        "--bind",
        "--drive-chunk-size",
        "--s3-chunk-size",
        "--s3-upload-concurrency",
        "--max-backlog",
        "--modify-window",
        "--conflict-resolve",
        "--conflict-loser",
        "--workdir",
        "--max-lock",
        "--cache-dir",
        "--temp-dir",
    ],
    letters: "vqPcuxlLiIM",
    valued_letters: "",
    one_dash: false,
};

pub(super) const RESTIC: Known = Known {
    alone: &[
        "--verbose",
        "--quiet",
        "--json",
        "--no-cache",
        "--one-file-system",
        "--exclude-caches",
        "--force",
        "--ignore-inode",
        "--ignore-ctime",
        "--with-atime",
        "--no-scan",
        "--skip-if-unchanged",
        "--cleanup-cache",
        "--no-lock",
        "--use-fs-snapshot",
    ],
    valued: &[
        "--repo",
        "--repository-file",
        "--password-file",
        "--password-command",
        "--exclude",
        "--iexclude",
        "--exclude-file",
        "--iexclude-file",
        "--exclude-if-present",
        "--exclude-larger-than",
        "--files-from",
        "--files-from-verbatim",
        "--tag",
        "--host",
        "--parent",
        "--time",
        "--option",
        "--limit-upload",
        "--limit-download",
        "--cacert",
        "--key-hint",
        "--cache-dir",
        "--read-concurrency",
        "--pack-size",
        "--compression",
        "--group-by",
        "--retry-lock",
    ],
    letters: "vqxf",
    valued_letters: "rpeHo",
    one_dash: false,
};

pub(super) const BORG: Known = Known {
    alone: &[
        "--verbose",
        "--info",
        "--debug",
        "--stats",
        "--list",
        "--progress",
        "--show-rc",
        "--one-file-system",
        "--exclude-caches",
        "--numeric-owner",
        "--numeric-ids",
        "--noatime",
        "--noctime",
        "--nobirthtime",
        "--json",
        "--log-json",
        "--exclude-nodump",
        "--keep-exclude-tags",
        "--no-cache-sync",
        "--read-special",
        "--sparse",
        "--noflags",
        "--noacls",
        "--noxattrs",
    ],
    valued: &[
        "--compression",
        "--exclude",
        "--exclude-from",
        "--pattern",
        "--patterns-from",
        "--filter",
        "--comment",
        "--timestamp",
        "--checkpoint-interval",
        "--chunker-params",
        "--files-cache",
        "--remote-path",
        "--lock-wait",
        "--rsh",
        "--umask",
        "--upload-ratelimit",
        "--upload-buffer",
        "--exclude-if-present",
        "--files-changed",
    ],
    letters: "vspx",
    valued_letters: "Cec",
    one_dash: false,
};

pub(super) const UNISON: Known = Known {
    alone: &[
        "-batch",
        "-auto",
        "-silent",
        "-terse",
        "-times",
        "-owner",
        "-group",
        "-contactquietly",
        "-dumbtty",
    ],
    valued: &[
        "-ui",
        "-ignore",
        "-ignorenot",
        "-path",
        "-prefer",
        "-force",
        "-perms",
        "-sshargs",
        "-logfile",
        "-fastcheck",
        "-servercmd",
        "-backup",
        "-backuplocation",
        "-maxerrors",
        "-retry",
        "-fat",
        "-ignorecase",
        "-nodeletion",
    ],
    letters: "",
    valued_letters: "",
    one_dash: true,
};

pub(super) const GIT: Known = Known {
    alone: &[
        "--quiet",
        "--verbose",
        "--progress",
        "--no-progress",
        "--all",
        "--mirror",
        "--tags",
        "--prune",
        "--follow-tags",
        "--atomic",
        "--no-verify",
        "--prune-tags",
    ],
    valued: &["--jobs"],
    letters: "qvpt",
    valued_letters: "jC",
    one_dash: false,
};
