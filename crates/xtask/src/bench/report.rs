//! The table and the plot.

use std::fmt::Write;

use super::measure::Figures;
use super::peers::Peer;
use super::work::{Measured, Row};

/// The table as Markdown. Ratios are ours to theirs: below 1 is better.
pub(crate) fn markdown(measured: &Measured, peers: &[Peer], fresh: bool) -> String {
    let mut out = String::from(
        "# Results\n\nMedians of one run of `cargo xtask bench`: every program alternately, on the same data. Absolute times \
         drift with the machine; the ratios (ours to theirs, below 1 is better for us) are what counts. `floor` is the bare \
         system calls that the work cannot do without, with no safety at all. Ours is durable when it says done; the others \
         leave that to the kernel: \"flush\" is how long it then takes until what they wrote is durable too, and is not part \
         of their time; the last column compares the times until all is durable. Caches are warm unless the row says cold; \
         cold rows, first runs of a whole tree, and programs that take more than 20 s are one run each.\n\n![ratios](results.svg)\n\n",
    );
    let names: Vec<String> = peers.iter().map(|peer| peer.version()).collect();
    let _ = writeln!(out, "{}.\n\nPrograms: {}.", machine(fresh), names.join("; "));
    out.push_str(
        "\n| work | program | runs | wall s | flush s | cpu s | peak MiB | written MiB | ours / theirs | durable |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in &measured.rows {
        let (mut ratio, mut durable) = (String::new(), String::new());
        if let (Some(ours), true) = (ours(&measured.rows, &row.work), row.peer != Peer::Instep) {
            ratio = format!("{:.2}", ours.wall / row.figures.wall);
            if row.figures.flush > 0.0 {
                durable = format!("{:.2}", ours.durable() / row.figures.durable());
            }
        }
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.0} | {:.1} | {ratio} | {durable} |",
            row.work,
            row.peer.name(),
            row.runs,
            row.figures.wall,
            row.figures.flush,
            row.figures.cpu,
            row.figures.peak,
            row.figures.written
        );
    }
    if !measured.facts.is_empty() {
        out.push_str("\n| figure | value |\n|---|--:|\n");
        for fact in &measured.facts {
            let _ = writeln!(out, "| {} | {} |", fact.what, fact.value);
        }
    }
    out
}

/// What it was measured on.
fn machine(fresh: bool) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let info = read("/proc/cpuinfo");
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let memory = read("/proc/meminfo");
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let disk = if fresh {
        "a fresh ext4 in a file for each run that writes"
    } else {
        "plain directories on one disk"
    };
    format!(
        "{cores} cores ({}), {} GiB of memory, Linux {}, {disk}",
        model.unwrap_or("unknown"),
        memory.unwrap_or_default() >> 20,
        kernel.trim()
    )
}

fn ours(rows: &[Row], work: &str) -> Option<Figures> {
    rows.iter().find(|row| row.work == work && row.peer == Peer::Instep).map(|row| row.figures)
}

/// Bars of the time per work, each work scaled to its slowest program; what it takes until all is durable is paler.
pub(crate) fn plot(rows: &[Row]) -> String {
    const LINE: usize = 18;
    const LEFT: usize = 330;
    const WIDTH: usize = 420;
    let works = rows.chunk_by(|one, next| one.work == next.work);
    let height = (rows.len() + works.clone().count()) * LINE + 20;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"840\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut y = 10;
    for work in works {
        let slowest = work.iter().map(|row| row.figures.durable()).fold(0.0, f64::max);
        for row in work {
            let long = |seconds: f64| (seconds / slowest * WIDTH as f64).max(1.0);
            let (bar, whole) = (long(row.figures.wall), long(row.figures.durable()));
            let colour = match row.peer {
                Peer::Instep => "#1668a8",
                Peer::Floor => "#999999",
                _ => "#d9a35b",
            };
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}: {}</text>{}{}<text x=\"{:.0}\" y=\"{}\">{}</text>",
                LEFT - 8,
                y + 12,
                row.work,
                row.peer.name(),
                rect(LEFT, y, whole, LINE, colour, 0.4),
                rect(LEFT, y, bar, LINE, colour, 1.0),
                LEFT as f64 + whole + 6.0,
                y + 12,
                if row.figures.flush > 0.0 {
                    format!("{:.2} + {:.2} s", row.figures.wall, row.figures.flush)
                } else {
                    format!("{:.2} s", row.figures.wall)
                },
            );
            y += LINE;
        }
        y += LINE;
    }
    out.push_str("</svg>\n");
    out
}

fn rect(x: usize, y: usize, width: f64, line: usize, colour: &str, opacity: f64) -> String {
    format!(
        "<rect x=\"{x}\" y=\"{}\" width=\"{width:.0}\" height=\"{}\" fill=\"{colour}\" opacity=\"{opacity}\"/>",
        y + 2,
        line - 5
    )
}
