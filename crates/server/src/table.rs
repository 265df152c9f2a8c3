//! Tables as text (RFC 4180), for spreadsheets.

/// Adds a line. A text that a spreadsheet would take for a formula gets an apostrophe in front: file names come from
/// anywhere, and must not compute.
pub(crate) fn line(text: &mut Vec<u8>, cells: &[String]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        let guard = if is_formula(cell) { "'" } else { "" };
        if cell.contains(['"', ',', '\n', '\r']) {
            text.extend_from_slice(format!("\"{guard}{}\"", cell.replace('"', "\"\"")).as_bytes());
        } else {
            text.extend_from_slice(guard.as_bytes());
            text.extend_from_slice(cell.as_bytes());
        }
    }
    text.extend_from_slice(b"\r\n");
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_cell_or_computes() {
        let mut text = Vec::new();
        let cells = ["plain", "a,b", "say \"no\"", "two\nlines", "=1+1", "-2,5", "@x", ""];
        line(&mut text, &cells.map(str::to_owned));
        let wanted = "plain,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",'=1+1,\"'-2,5\",'@x,\r\n";
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
    }
}
