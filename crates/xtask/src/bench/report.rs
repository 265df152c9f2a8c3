//! The table.

use std::fmt::Write;

use super::peers::Peer;
use super::results::{Results, Row};

/// What the table is, for whoever finds it alone.
const INTRODUCTION: &str = "\
# Results

What `cargo xtask bench` measured: for each workload the medians of one run, every program alternately, on the same data.
Absolute times drift with the machine; the ratios (ours to theirs, below 1 is better for us) are what counts.

- **floor** is the bare system calls that the work cannot do without, with no safety at all.
- **flush**: ours is durable when it says done; the others leave that to the kernel. This is how long it then takes until
  what they wrote is durable too. It is no part of their time; the last column compares the times until all is durable.
- Caches are warm unless the row says cold. Cold rows, first runs of a whole tree, and programs that take more than 20 s
  are one run each.
- **syncthing** is two of it on loopback, from their start until each says that the other has all, and their end. It runs
  all the time where it is used, and makes each file durable by itself.

![Times beside those of the peers](results.svg)
";

/// The table as Markdown. Ratios are ours to theirs: below 1 is better.
pub(crate) fn markdown(results: &Results) -> String {
    let mut out = INTRODUCTION.to_owned();
    let _ = writeln!(out, "\n{}.\n\nPrograms: {}.", results.machine, results.programs.join("; "));
    out.push_str(
        "\n| work | program | runs | wall s | flush s | cpu s | peak MiB | written MiB | ours / theirs | durable |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for work in results.rows() {
        let ours = ours(work);
        for row in work {
            let (mut ratio, mut durable) = (String::new(), String::new());
            if let (Some(ours), true) = (ours, row.peer != Peer::Instep) {
                ratio = format!("{:.2}", ours.figures.wall / row.figures.wall);
                if row.figures.flush > 0.0 {
                    durable = format!("{:.2}", ours.figures.durable() / row.figures.durable());
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
    }
    let mut facts = results.parts.iter().flat_map(|part| &part.facts).peekable();
    if facts.peek().is_some() {
        out.push_str("\n| figure | value |\n|---|--:|\n");
    }
    for fact in facts {
        let _ = writeln!(out, "| {} | {} |", fact.what, fact.value);
    }
    out
}

/// Our own row among those of one work.
pub(super) fn ours(work: &[Row]) -> Option<&Row> {
    work.iter().find(|row| row.peer == Peer::Instep)
}

/// What it was measured on.
pub(crate) fn machine(fresh: bool) -> String {
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
