//! What systemd fills into the lines of a unit before it runs them.

use crate::Roots;

/// A unit whose lines are filled in.
pub(crate) struct Specifiers<'u> {
    pub(crate) roots: &'u Roots,
    /// Its name with its ending.
    pub(crate) unit: &'u str,
    /// Whether it is the person's own and not the system's.
    pub(crate) own: bool,
}

impl Specifiers<'_> {
    /// The line as systemd would run it.
    ///
    /// # Errors
    /// The specifier that only systemd knows, or that holds what would be read as more than one word.
    pub(crate) fn fill(&self, line: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(line.len());
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                filled.push(c);
                continue;
            }
            let which = chars.next();
            let value = which.and_then(|which| self.value(which)).filter(|value| is_one_word(value));
            filled.push_str(
                &value.ok_or_else(|| format!("%{}", which.map_or_else(String::new, String::from)))?,
            );
        }
        Ok(filled)
    }

    fn value(&self, which: char) -> Option<String> {
        let Self { roots, unit, own } = *self;
        let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
        let place = |own_place: Option<std::path::PathBuf>, system: &str| {
            if own { own_place?.to_str().map(ToOwned::to_owned) } else { Some(system.to_owned()) }
        };
        match which {
            '%' => Some("%".to_owned()),
            'h' => place(roots.home.clone(), "/root"),
            'E' => place(roots.config.clone(), "/etc"),
            'S' => place(roots.state.clone(), "/var/lib"),
            'L' => place(roots.state.as_ref().map(|state| state.join("log")), "/var/log"),
            'C' => place(roots.home(".cache"), "/var/cache"),
            't' => place(None, "/run"),
            'T' => Some("/tmp".to_owned()),
            'V' => Some("/var/tmp".to_owned()),
            'n' => Some(unit.to_owned()),
            'N' => Some(stem.to_owned()),
            'p' => Some(stem.split_once('@').map_or(stem, |(prefix, _)| prefix).to_owned()),
            'i' => stem.split_once('@').map(|(_, instance)| instance.to_owned()).filter(|i| !i.is_empty()),
            _ => None,
        }
    }
}

/// Whether it stays one word, with nothing in it that means something in a line.
fn is_one_word(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || "%/._-+@=:,~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(home: &str) -> Roots {
        Roots {
            home: Some(home.into()),
            config: Some(format!("{home}/.config").into()),
            state: Some(format!("{home}/.local/state").into()),
            system: "/".into(),
            path: Vec::new(),
            crontab: None,
            program: "instep".into(),
            items: Vec::new(),
            collections: Vec::new(),
        }
    }

    #[test]
    fn what_is_known_without_systemd_is_filled_in() {
        let roots = roots("/home/me");
        let own = Specifiers { roots: &roots, unit: "backup@nas.service", own: true };
        for (line, filled) in [
            ("rsync -a %h/Photos/ nas:/photos", Ok("rsync -a /home/me/Photos/ nas:/photos")),
            ("%E %S %C %T", Ok("/home/me/.config /home/me/.local/state /home/me/.cache /tmp")),
            ("%n %N %p %i", Ok("backup@nas.service backup@nas backup nas")),
            ("100%%", Ok("100%")),
            ("rsync -a /x %H:/x", Err("%H")),
            ("%t/socket", Err("%t")),
            ("odd %", Err("%")),
        ] {
            assert_eq!(own.fill(line).as_deref().map_err(String::as_str), filled, "{line}");
        }
        let system = Specifiers { roots: &roots, unit: "backup.service", own: false };
        assert_eq!(system.fill("%h %E %t %p").as_deref(), Ok("/root /etc /run backup"));
        assert_eq!(system.fill("%i"), Err("%i".to_owned()));
    }

    #[test]
    fn a_home_that_a_line_would_take_for_two_words_is_not_filled_in() {
        let roots = roots("/home/me and you");
        assert_eq!(
            Specifiers { roots: &roots, unit: "x.service", own: true }.fill("%h"),
            Err("%h".to_owned())
        );
    }
}
