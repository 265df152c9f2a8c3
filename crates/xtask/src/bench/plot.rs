//! The plot: bars of time for each work, ours first.

use std::fmt::Write;

use super::peers::Peer;
use super::report::ours;
use super::results::{Results, Row};

const LINE: usize = 18;
const LEFT: usize = 110;
const WIDTH: usize = 480;
/// Programs that take more than so many times ours are cut off there: their bars would make all others too short to be
/// compared.
const MOST: f64 = 8.0;

/// Bars of the time per work, with a scale for each; what it takes until all is durable is paler.
pub(crate) fn svg(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 12;
    for work in results.rows() {
        let _ = writeln!(body, "<text x=\"8\" y=\"{}\" font-weight=\"bold\">{}</text>", y + 13, work[0].work);
        y += LINE + 2;
        let most = ours(work).map_or(f64::INFINITY, |row| row.figures.durable() * MOST);
        let scale = work.iter().map(|row| row.figures.durable()).fold(0.0, f64::max).min(most);
        for row in work {
            body.push_str(&bar(row, scale, y));
            y += LINE;
        }
        y += LINE / 2;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"#222222\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n",
        y + 4
    )
}

/// The line of one program.
fn bar(row: &Row, scale: f64, y: usize) -> String {
    let (wall, durable) = (row.figures.wall, row.figures.durable());
    let long = |seconds: f64| (seconds.min(scale) / scale * WIDTH as f64).max(1.0);
    let colour = match row.peer {
        Peer::Instep => "#1668a8",
        Peer::Floor => "#999999",
        _ => "#d9a35b",
    };
    let rect = |width: f64, opacity: f64| {
        format!(
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"{width:.0}\" height=\"{}\" fill=\"{colour}\" opacity=\"{opacity}\"/>",
            y + 2,
            LINE - 5
        )
    };
    let cut = if durable > scale { "… " } else { "" };
    let flush =
        if row.figures.flush >= 0.005 { format!(" + {:.2}", row.figures.flush) } else { String::new() };
    format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>{}{}<text x=\"{:.0}\" y=\"{}\">{cut}{wall:.2}{flush} s</text>\n",
        LEFT - 6,
        y + 13,
        row.peer.name(),
        rect(long(durable), 0.4),
        rect(long(wall), 1.0),
        LEFT as f64 + long(durable) + 6.0,
        y + 13,
    )
}
