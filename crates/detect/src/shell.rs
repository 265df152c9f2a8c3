//! Enough of a shell's language to see which commands a line runs. Nothing is expanded: a word that a shell would
//! change says so, and nobody takes its text for what the command gets.

use std::ops::Range;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Without its quotes.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) at: Range<usize>,
    /// Whether a shell would leave it as it is.
    pub(crate) plain: bool,
}

/// The simple commands of a line, in order: what stands between `;`, `&`, `|` and parentheses. Redirections are left
/// out, a comment ends the line.
pub(crate) fn commands(line: &str) -> Vec<Vec<Word>> {
    let mut all = vec![Vec::new()];
    let mut rest = Scan { line, at: 0 };
    while let Some(token) = rest.next() {
        match token {
            Token::Word(word) => {
                if let Some(last) = all.last_mut() {
                    last.push(word);
                }
            }
            Token::End => all.push(Vec::new()),
            Token::Redirection => {
                // What follows is where to, and no word of the command.
                let before = rest.at;
                if !matches!(rest.next(), Some(Token::Word(_))) {
                    rest.at = before;
                }
            }
        }
    }
    all.retain(|command| !command.is_empty());
    all
}

enum Token {
    Word(Word),
    /// A command ends here.
    End,
    Redirection,
}

struct Scan<'l> {
    line: &'l str,
    at: usize,
}

impl Iterator for Scan<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let line = self.line;
        let skipped = line[self.at..].find(|c: char| c != ' ' && c != '\t')?;
        self.at += skipped;
        let rest = &line[self.at..];
        let first = rest.chars().next()?;
        match first {
            '#' => None,
            ';' | '&' | '|' | '(' | ')' | '\n' => {
                // `&>` and `>&` are redirections.
                if rest.starts_with("&>") {
                    self.at += 2;
                    return Some(Token::Redirection);
                }
                self.at += 1;
                Some(Token::End)
            }
            '<' | '>' => {
                let length = rest.find(|c: char| !matches!(c, '<' | '>' | '&' | '|')).unwrap_or(rest.len());
                self.at += length;
                Some(Token::Redirection)
            }
            _ => {
                let word = word(line, self.at);
                self.at = word.at.end;
                // `2>` and the like: a number right before a redirection belongs to it.
                let number = !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit());
                if number && line[self.at..].starts_with(['<', '>']) {
                    return self.next();
                }
                Some(Token::Word(word))
            }
        }
    }
}

/// The word that begins there.
fn word(line: &str, start: usize) -> Word {
    let mut text = String::new();
    let mut plain = true;
    let mut brace = false;
    let mut quote = None;
    let mut chars = line[start..].char_indices().peekable();
    let mut end = line.len();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>') => {
                end = start + at;
                break;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => text.push(c),
            (_, '\\') => match chars.next() {
                // At the end of a line it continues the line.
                Some((_, '\n')) => {}
                Some((_, next)) => text.push(next),
                None => {}
            },
            (_, '$' | '`') | (None, '*' | '?' | '[') => {
                plain = false;
                text.push(c);
            }
            (quote, c) => {
                // `{a,b}` is two words, `{now}` is itself.
                brace |= quote.is_none() && c == '{';
                plain &= !(brace && quote.is_none() && matches!(c, ',' | '.'));
                text.push(c);
            }
        }
    }
    // A quote that is never closed: nobody knows what is meant.
    Word { text, at: start..end, plain: plain && quote.is_none() }
}

/// The lines of a script with the number of each, continued ones as one.
pub(crate) fn lines(script: &str) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (number, line) in (1_u64..).zip(script.lines()) {
        let (_, text) = open.get_or_insert((number, String::new()));
        match line.strip_suffix('\\') {
            Some(begun) if !begun.ends_with('\\') => {
                text.push_str(begun);
                text.push(' ');
            }
            _ => {
                text.push_str(line);
                all.extend(open.take());
            }
        }
    }
    all.extend(open);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<Vec<String>> {
        commands(line).into_iter().map(|words| words.into_iter().map(|word| word.text).collect()).collect()
    }

    #[test]
    fn a_line_is_commands_of_words() {
        assert_eq!(
            texts("cd /x && rsync -a 'a b' \"c d\" e\\ f >> log 2>&1 # why"),
            [vec!["cd", "/x"], vec!["rsync", "-a", "a b", "c d", "e f"]]
        );
        assert_eq!(
            texts("a | b; (c) & d 2>/dev/null &> x e"),
            [vec!["a"], vec!["b"], vec!["c"], vec!["d", "e"]]
        );
        assert!(texts("  # nothing").is_empty());
        assert_eq!(texts("rsync \"open"), [vec!["rsync", "open"]]);
    }

    #[test]
    fn what_a_shell_would_change_is_not_plain() {
        for (line, plain) in [
            ("a", true),
            ("'$x'", true),
            ("\"$x\"", false),
            ("$x", false),
            ("*.c", false),
            ("'*'", true),
            ("::{now}", true),
            ("/{a,b}", false),
            ("`x`", false),
            ("'a", false),
        ] {
            assert_eq!(commands(line)[0][0].plain, plain, "{line}");
        }
    }

    #[test]
    fn continued_lines_are_one_and_keep_their_number() {
        assert_eq!(
            lines("a\nb \\\n c\nd"),
            [(1, "a".to_owned()), (2, "b   c".to_owned()), (4, "d".to_owned())]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_words_stand_where_they_say(line in "[ a-z'\"\\\\$;&|()<>#\\n\u{e9}*=-]{0,60}") {
            let mut before = 0;
            for word in commands(&line).into_iter().flatten() {
                prop_assert!(word.at.start >= before && word.at.end > word.at.start && line.get(word.at.clone()).is_some());
                before = word.at.end;
            }
            let _ = lines(&line);
        }
    }
}
