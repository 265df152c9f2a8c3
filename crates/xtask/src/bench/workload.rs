//! Trees with a fixed seed: the same bytes on every machine.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use folders::simulation::Chance;

/// Chance, for data.
pub(crate) struct Random(Chance);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Chance::new(seed))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.draw() % bound.max(1)
    }

    /// Fills with bytes that do not compress.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.0.draw().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }

    /// Log-normal with this median: many small, few large.
    fn size(&mut self, median: f64) -> u64 {
        // The sum of twelve uniforms is close enough to a normal distribution.
        let normal: f64 = (0..12).map(|_| self.below(1 << 20) as f64 / f64::from(1 << 20)).sum::<f64>() - 6.0;
        ((median * (1.3 * normal).exp()) as u64).min(4 << 20)
    }
}

/// Where file `number` of a tree is: directories of a source-tree-like shape.
pub(crate) fn place(root: &Path, number: u64, files: u64, dirs: u64) -> PathBuf {
    let per_dir = files.div_ceil(dirs);
    root.join(dir(number / per_dir)).join(format!("file-{number}.dat"))
}

/// Three levels; every tenth directory has its files in the middle.
fn dir(number: u64) -> String {
    if number.is_multiple_of(10) {
        format!("top-{}/mid-{}", number / 100, number / 20)
    } else {
        format!("top-{}/mid-{}/dir-{number}", number / 100, number / 20)
    }
}

/// Many files; `median` 0 makes sizes of 0 to 200 bytes.
pub(crate) fn tree(root: &Path, files: u64, dirs: u64, median: f64, seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut bytes = vec![0; 4 << 20];
    random.fill(&mut bytes);
    let mut last = PathBuf::new();
    for number in 0..files {
        let path = place(root, number, files, dirs);
        if let Some(parent) = path.parent().filter(|&parent| parent != last) {
            fs::create_dir_all(parent)?;
            last = parent.to_path_buf();
        }
        let size = if median == 0.0 { random.below(201) } else { random.size(median) };
        let start = random.below(bytes.len() as u64 - size + 1);
        fs::write(&path, &bytes[start as usize..(start + size) as usize])?;
    }
    Ok(())
}

/// One file that does not compress.
pub(crate) fn big(path: &Path, size: u64, seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut file = File::create(path)?;
    let mut block = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        random.fill(&mut block);
        file.write_all(&block)?;
    }
    // Made long ago: to a program that looks at whole seconds, an edit right after the first copy would be none.
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))?;
    Ok(())
}

/// Sixty-four scattered pages of the big file are overwritten.
pub(crate) fn edit_big(path: &Path, seed: u64) -> Result<()> {
    let mut random = Random::new(seed);
    let mut file = File::options().write(true).open(path)?;
    let size = file.metadata()?.len();
    let mut page = [0; 4096];
    for _ in 0..64 {
        random.fill(&mut page);
        file.seek(SeekFrom::Start(random.below(size - 4096)))?;
        file.write_all(&page)?;
    }
    Ok(())
}

/// One directory with many entries.
pub(crate) fn wide(root: &Path, files: u64) -> Result<()> {
    for number in 0..files {
        fs::write(root.join(format!("entry-{number}")), number.to_le_bytes())?;
    }
    Ok(())
}

/// One directory in another, each with a file.
pub(crate) fn deep(root: &Path, levels: u64) -> Result<()> {
    let mut here = root.to_path_buf();
    for level in 0..levels {
        here.push("d");
        fs::create_dir(&here)?;
        fs::write(here.join("file"), level.to_le_bytes())?;
    }
    Ok(())
}

/// What people do between two runs: on each side 1 % modified, 0.5 % created, 0.5 % deleted; a directory renamed on A;
/// 0.1 % changed on both sides.
pub(crate) fn churn(a: &Path, b: &Path, files: u64, dirs: u64, round: u64) -> Result<()> {
    let mut random = Random::new(1_000 + round);
    for (side, root) in [(0, a), (1, b)] {
        for kind in 0..3_u64 {
            let share = if kind == 0 { files / 100 } else { files / 200 };
            for _ in 0..share {
                // Each side and kind works on files of its own, so that only the last step makes conflicts.
                let number = random.below(files / 8) * 8 + side * 3 + kind;
                let path = place(root, number, files, dirs);
                if !path.parent().is_some_and(Path::is_dir) {
                    continue;
                }
                match kind {
                    0 => fs::write(&path, format!("modified in round {round}: {}", random.0.draw()))?,
                    1 => {
                        fs::write(path.with_extension(format!("new{round}")), format!("{}", random.0.draw()))?
                    }
                    _ => drop(fs::remove_file(&path)),
                }
            }
        }
    }
    let top = a.join(format!("top-{round}"));
    if top.is_dir() {
        fs::rename(&top, a.join(format!("renamed-{round}")))?;
    }
    for _ in 0..files / 1000 {
        let number = random.below(files / 8) * 8 + 7;
        for (word, root) in [("A", a), ("B", b)] {
            let path = place(root, number, files, dirs);
            if path.parent().is_some_and(Path::is_dir) {
                fs::write(&path, format!("{word} in round {round}: {}", random.0.draw()))?;
            }
        }
    }
    Ok(())
}
