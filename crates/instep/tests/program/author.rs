//! The guide for authors of handlers, done word for word: what it says is written into an empty folder, built, tried by the
//! kit, and run by the center.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::Scene;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The first block of the guide in this language that has this in it.
fn block(language: &str, has: &str) -> String {
    let guide = fs::read_to_string(root().join("docs/handlers.md")).expect("the guide is there");
    let mut blocks = guide.split("```").skip(1).step_by(2);
    let found = blocks.find(|block| {
        block.split_once('\n').is_some_and(|(first, text)| first == language && text.contains(has))
    });
    found.and_then(|block| block.split_once('\n')).expect("the guide has it").1.to_owned()
}

/// Tries a program with the kit, and has the center run it.
fn works(scene: &Scene, words: &[&str], env: &str) {
    fs::create_dir_all(scene.home().join("me")).expect("the home is ours");
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    let settings = format!(
        "[handlers.clocks]\ncommand = [{}]\n{env}[items.kitchen]\nhandler = \"clocks\"\n",
        quoted.join(", ")
    );
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    scene.instep("handler test clocks").expect(0).says(&["Clocks", "No rule is broken."]);
    scene.instep("sync kitchen").expect(0);
    scene.instep("status").expect(0).says(&["Kitchen clock", "up to date"]);
}

#[test]
fn the_rust_of_the_guide_is_built_in_an_empty_folder_and_run() {
    let scene = Scene::bare();
    let place = scene.home().join("clocks");
    fs::create_dir_all(place.join("src")).expect("the home is ours");
    let sdk = root().join("sdk/rust");
    let manifest = block("toml", "[package]").replace("../instep/sdk/rust", &sdk.display().to_string());
    fs::write(place.join("Cargo.toml"), manifest).expect("the home is ours");
    fs::write(place.join("src/main.rs"), block("rust", "fn main()")).expect("the home is ours");
    // The versions that are here already.
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock")).expect("the lock is there");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clocks");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(&place)
        .output()
        .expect("cargo is there");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let program = target.join("debug/clocks");
    works(&scene, &[program.to_str().expect("a path of ours is text")], "");
}

#[test]
fn the_python_of_the_guide_runs() {
    let scene = Scene::bare();
    let program = scene.home().join("clocks.py");
    let env = format!("env = {{ PYTHONPATH = {:?} }}\n", root().join("sdk/python/src"));
    // With threads, and with coroutines.
    for has in ["from instep_handler import Handler", "from instep_handler.aio import Handler"] {
        fs::write(&program, block("python", has)).expect("the home is ours");
        works(&scene, &["/usr/bin/python3", "-B", program.to_str().expect("a path of ours is text")], &env);
    }
}

#[test]
fn the_shell_of_the_guide_runs() {
    let scene = Scene::bare();
    fs::copy(root().join("sdk/sh/instep-handler.sh"), scene.home().join("instep-handler.sh"))
        .expect("the home is ours");
    fs::write(scene.home().join("clocks.sh"), block("sh", "handler_name")).expect("the home is ours");
    let home = scene.home().to_str().expect("a path of ours is text").to_owned();
    works(
        &scene,
        &["/bin/sh", "-c", &format!("cd {home} && exec sh ./clocks.sh")],
        "env = { PATH = \"/usr/bin:/bin\" }\n",
    );
}
