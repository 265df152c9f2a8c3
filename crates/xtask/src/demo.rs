//! The story that the README tells, told by the real program: `cargo xtask demo` writes it into the README and draws it
//! into `docs/demo.svg`.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// What a person types, and what happens in between. A line that begins with `instep` is run; any other is a comment
/// with the deed that it tells of.
const STORY: &[&str] = &[
    "instep sync laptop nas",
    "# later: a folder is renamed and a page edited on the laptop; on the nas the same page, and a photo is deleted",
    "instep preview laptop-nas",
    "instep sync laptop-nas",
    "instep resolve laptop-nas notes/plan.md --keep a",
    "# all of that was a mistake",
    "instep undo 2",
    "instep sync laptop-nas",
    "instep status",
];

pub(crate) fn run() -> Result<()> {
    shell::run(&["cargo", "build", "--release", "--quiet", "--package", "instep"])?;
    let place = std::env::temp_dir().join(format!("instep-demo-{}", std::process::id()));
    prepare(&place)?;
    let told = tell(&place);
    fs::remove_dir_all(&place)?;
    let told = told?;
    print!("{told}");
    let readme = shell::root().join("README.md");
    let text = fs::read_to_string(&readme)?;
    let (before, rest) = text.split_once(OPENS).context("the README has no place for the story")?;
    let (_, after) = rest.split_once("```").context("the story in the README has no end")?;
    fs::write(&readme, [before, OPENS, &told, "```", after].concat())?;
    fs::write(shell::root().join("docs/demo.svg"), draw(&told))?;
    println!("written: README.md, docs/demo.svg");
    Ok(())
}

/// Begins the story in the README.
const OPENS: &str = "```console\n";

fn prepare(place: &Path) -> Result<()> {
    for (path, content) in [
        ("laptop/notes/plan.md", "buy flour\nbuy yeast\n".to_owned()),
        ("laptop/notes/recipe.md", "mix, wait, bake\n".repeat(40)),
        ("laptop/photos/2025/cat.jpg", "cat".repeat(50_000)),
        ("laptop/photos/2025/dog.jpg", "dog".repeat(70_000)),
        ("laptop/photos/2026/boat.jpg", "boat".repeat(60_000)),
    ] {
        let path = place.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(path, content)?;
    }
    fs::create_dir_all(place.join("nas"))?;
    Ok(())
}

/// What the two people of the story do between two runs.
fn later(place: &Path) -> Result<()> {
    fs::rename(place.join("laptop/photos/2025"), place.join("laptop/photos/last year"))?;
    fs::write(place.join("laptop/notes/plan.md"), "buy flour\nbuy yeast\nbuy salt\n")?;
    fs::write(place.join("nas/notes/plan.md"), "bake on Sunday\n")?;
    fs::remove_file(place.join("nas/photos/2026/boat.jpg"))?;
    Ok(())
}

fn tell(place: &Path) -> Result<String> {
    let ours = shell::root().join("target/release/instep");
    let mut told = String::new();
    for line in STORY {
        if line.starts_with('#') {
            let _ = writeln!(told, "\n{line}");
            if line.starts_with("# later") {
                later(place)?;
            }
            continue;
        }
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        let output = Command::new(&ours)
            .args(&words)
            .current_dir(place)
            .env("INSTEP_HOME", place.join("home"))
            .env("NO_COLOR", "1")
            .output()?;
        let _ = writeln!(told, "$ {line}");
        told += &String::from_utf8_lossy(&output.stdout);
        told += &String::from_utf8_lossy(&output.stderr);
        if !matches!(output.status.code(), Some(0 | 5)) {
            bail!("`{line}` ended with {:?}:\n{told}", output.status.code());
        }
    }
    Ok(told)
}

/// The same as a picture of a terminal.
fn draw(told: &str) -> String {
    const LINE: usize = 20;
    let columns = told.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let (width, height) = (columns * 8 + 48, told.lines().count() * LINE + 64);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"A session in a terminal\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#14181d\"/>\n\
         <g fill=\"#3a434d\"><circle cx=\"22\" cy=\"20\" r=\"6\"/><circle cx=\"42\" cy=\"20\" r=\"6\"/>\
         <circle cx=\"62\" cy=\"20\" r=\"6\"/></g>\n\
         <g font-family=\"ui-monospace, Menlo, DejaVu Sans Mono, monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for (at, line) in told.lines().enumerate() {
        let colour = match line.as_bytes().first() {
            Some(b'$') => "#ffffff",
            Some(b'#') => "#7d8b99",
            Some(b' ') if line.contains("conflict") || line.contains("settle") => "#e5b567",
            Some(b' ') => "#a9b7c4",
            _ => "#8fd19e",
        };
        // Renderers fold plain spaces.
        let text =
            line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}");
        let _ = writeln!(out, "<text x=\"24\" y=\"{}\" fill=\"{colour}\">{text}</text>", at * LINE + 56);
    }
    out += "</g>\n</svg>\n";
    out
}
