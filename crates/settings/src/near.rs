//! Which known word a mistyped one may have been meant to be.

/// Those of `known` that `typed` may have been meant to be, best first.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let limit = (typed.chars().count() / 3).max(1) + 1;
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance =
                if typed.len() >= 2 && lower.contains(&typed) { 1 } else { distance(&typed, &lower) };
            (distance <= limit).then_some((distance, name))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, name)| name).take(3).collect()
}

/// Edits (insert, remove, replace, swap of neighbours) that lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["photos", "music", "documents"];
        let near = |typed| nearest(typed, known.into_iter());
        assert_eq!(near("phtos"), ["photos"]);
        assert_eq!(near("Photso"), ["photos"]);
        assert_eq!(near("doc"), ["documents"]);
        assert!(near("zzz").is_empty());
    }
}
