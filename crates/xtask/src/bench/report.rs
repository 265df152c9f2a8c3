//! The table and the plot.

use std::fmt::Write;

use super::peers::Peer;
use super::work::Row;

/// The table as Markdown. Ratios are ours to theirs: below 1 is better.
pub(crate) fn markdown(rows: &[Row], peers: &[Peer]) -> String {
    let mut out = String::from(
        "# Results\n\nMedians of one run of `cargo xtask bench`: every program alternately, on the same data, warm caches. \
         Absolute times drift with the machine; the ratios (ours to theirs, below 1 is better for us) are what counts. \
         `floor` is the bare system calls that the work cannot do without, with no safety at all; ours is durable when it \
         says done, the others leave that to the kernel.\n\n![ratios](results.svg)\n\n",
    );
    let names: Vec<&str> = peers.iter().map(|peer| peer.name()).collect();
    let _ = writeln!(out, "Programs found: {}.\n", names.join(", "));
    out.push_str("| work | program | wall s | cpu s | peak MiB | written MiB | ours / theirs |\n|---|---|--:|--:|--:|--:|--:|\n");
    for row in rows {
        let ratio = match ours(rows, &row.work) {
            Some(ours) if row.peer != Peer::Instep => format!("{:.2}", ours / row.figures.wall),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {:.2} | {:.2} | {:.0} | {:.1} | {ratio} |",
            row.work,
            row.peer.name(),
            row.figures.wall,
            row.figures.cpu,
            row.figures.peak,
            row.figures.written
        );
    }
    out
}

fn ours(rows: &[Row], work: &str) -> Option<f64> {
    rows.iter().find(|row| row.work == work && row.peer == Peer::Instep).map(|row| row.figures.wall)
}

/// Bars of wall time per work, each work scaled to its slowest program.
pub(crate) fn plot(rows: &[Row]) -> String {
    const LINE: usize = 18;
    const LEFT: usize = 330;
    const WIDTH: usize = 420;
    let height = rows.len() * LINE + 20;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"840\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (at, row) in rows.iter().enumerate() {
        let slowest = rows
            .iter()
            .filter(|other| other.work == row.work)
            .map(|other| other.figures.wall)
            .fold(0.0, f64::max);
        let bar = (row.figures.wall / slowest * WIDTH as f64).max(1.0);
        let y = at * LINE + 10;
        let colour = match row.peer {
            Peer::Instep => "#1668a8",
            Peer::Floor => "#999999",
            _ => "#d9a35b",
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}: {}</text><rect x=\"{LEFT}\" y=\"{}\" width=\"{bar:.0}\" \
             height=\"{}\" fill=\"{colour}\"/><text x=\"{:.0}\" y=\"{}\">{:.2} s</text>",
            LEFT - 8,
            y + 12,
            row.work,
            row.peer.name(),
            y + 2,
            LINE - 5,
            LEFT as f64 + bar + 6.0,
            y + 12,
            row.figures.wall
        );
    }
    out.push_str("</svg>\n");
    out
}
