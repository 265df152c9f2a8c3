//! Which of the tools are installed, and in which version.

use adapters::tools::{self, Kind};
use wire::{DetectedTool, Found};

use crate::Roots;
use crate::argv::HANDLED;
use crate::files::shown;

/// All that are there, and those that something found needs.
pub(crate) fn look(roots: &Roots, found: &[Found]) -> Vec<DetectedTool> {
    let kinds = tools::kinds();
    let kind = |name: &str| kinds.iter().find(|kind| kind.id() == name).copied();
    // All at once: each takes its time to say who it is.
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            HANDLED.iter().map(|name| scope.spawn(move || tool(roots, name, kind(name)))).collect();
        let all = asked.into_iter().filter_map(|asked| asked.join().ok());
        all.filter(|tool| tool.program.is_some() || found.iter().any(|found| found.tool == tool.tool))
            .collect()
    })
}

fn tool(roots: &Roots, name: &str, kind: Option<&dyn Kind>) -> DetectedTool {
    let tool = name.to_owned();
    let Some(program) = roots.program(name) else {
        return DetectedTool {
            tool,
            program: None,
            version: None,
            problem: Some(format!("{name} is not installed")),
        };
    };
    let words = kind.map_or(&["--version"][..], Kind::version_words);
    let (version, problem) = match tools::version(&program, words) {
        Err(problem) => (None, Some(problem.text)),
        Ok(said) => {
            let problem = kind.and_then(|kind| tools::too_old(kind, said.number).map(|problem| problem.text));
            (said.text, problem)
        }
    };
    DetectedTool { tool, program: Some(shown(&program)), version, problem }
}
