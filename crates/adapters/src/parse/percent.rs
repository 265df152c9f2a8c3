//! `NN%`, wherever it stands: what most programs print.

use super::Fact;

/// The last percentage of a line, in hundredths where it has decimals.
pub(super) fn bar(line: &str) -> Option<Fact> {
    let before = &line[..line.rfind('%')?];
    let start = before
        .rfind(|c: char| !c.is_ascii_digit() && c != '.')
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let (whole, decimals) = before[start..].split_once('.').unwrap_or((&before[start..], ""));
    let whole: u64 = whole.parse().ok().filter(|whole| *whole <= 100)?;
    if decimals.is_empty() {
        return Some(Fact::Bar { step: whole, max: 100 });
    }
    let hundredths: u64 = format!("{decimals:0<2}").get(..2)?.parse().ok()?;
    Some(Fact::Bar { step: (whole * 100 + hundredths).min(10_000), max: 10_000 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_a_bar_wherever_it_stands() {
        let of = |step| Some(Fact::Bar { step, max: 100 });
        assert_eq!(bar("42%"), of(42));
        assert_eq!(bar("copying... [====>   ] 7% of 3 GB"), of(7));
        assert_eq!(bar("12% then 34%"), of(34));
        assert_eq!(bar("12.5 %"), None);
        assert_eq!(bar("12.5%"), Some(Fact::Bar { step: 1250, max: 10_000 }));
        for nothing in ["", "%", "x%", "101%", "1.2.3%", "99999999999999999999%", "é%"] {
            assert_eq!(bar(nothing), None, "{nothing}");
        }
    }
}
