"""Keeps folders of notes in sync with a git remote.

Every item is a folder: its changes are committed, what others pushed is taken over, and the result is pushed. Notes that
both sides changed differently are conflicts: the remote keeps its version, the folder keeps its own beside it, and a
person chooses.

    [handlers.notes]
    command = ["python3", "/usr/share/instep/notes_git.py"]

    [items.diary]
    handler = "notes"
    folder = "~/Diary"
    remote = "git@example.org:diary.git"
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any, Mapping, Sequence

from instep_handler import (
    Conflict,
    Handler,
    Hello,
    Item,
    Level,
    Phase,
    Problem,
    ProblemClass,
    Session,
    Version,
    Work,
    serve,
)

BRANCH = "notes"


class Notes(Handler):
    """Folders of notes, each with its remote."""

    name = "Notes"
    kind = "folder"
    resolves = True

    def hello(self, hello: Hello) -> None:
        """The items come from the settings."""
        self.center = hello.center
        self.folders: Mapping[str, Mapping[str, Any]] = hello.items
        for name, keys in self.folders.items():
            for key in ("folder", "remote"):
                if not isinstance(keys.get(key), str):
                    raise Problem(ProblemClass.CONFIG, f"[items.{name}] has no {key}.", f"write {key} = \"...\"")

    def items(self) -> Sequence[Item]:
        return [Item(name, name, comment=str(keys["remote"])) for name, keys in self.folders.items()]

    def command_line(self, item: str) -> str:
        return f"git -C {self.folder(item)} push {self.folders[item]['remote']} {BRANCH}"

    def folder(self, item: str) -> str:
        return os.path.expanduser(str(self.folders[item]["folder"]))

    def synchronize(self, session: Session) -> None:
        for item in session.items:
            with session.item(item) as work:
                self.keep(item, work)

    def keep(self, item: str, work: Work) -> None:
        """One folder."""
        folder = self.folder(item)
        if not os.path.isdir(folder):
            text = f"The folder '{folder}' is not there."
            raise Problem(ProblemClass.SAFETY, text, "put it back; an empty folder would delete all notes elsewhere")
        git = Git(folder, work)
        work.phase(Phase.LOOKING)
        if not os.path.isdir(os.path.join(folder, ".git")):
            git("init", "--quiet", "--initial-branch", BRANCH)
        git("add", "--all")
        changed = git("diff", "--cached", "--name-only", "-z").split("\0")[:-1]
        if changed:
            git("commit", "--quiet", "--message", f"{len(changed)} notes from {os.uname().nodename}")
        work.progress("asking the remote", 1, 4)
        remote = str(self.folders[item]["remote"])
        git("fetch", "--quiet", remote, f"+refs/heads/*:refs/remotes/instep/*")
        theirs = f"refs/remotes/instep/{BRANCH}"
        conflicts: list[Conflict] = []
        if git.says("rev-parse", "--quiet", "--verify", theirs):
            work.phase(Phase.COMPARING)
            work.progress("merging", 2, 4)
            before = git("rev-parse", "--quiet", "--verify", "HEAD", fails=True).strip()
            conflicts = self.merge(item, git, theirs)
            if before:
                work.done(updated=len(git("diff", "--name-only", "-z", before, "HEAD").split("\0")) - 1)
        work.phase(Phase.MOVING)
        work.progress("pushing", 3, 4)
        git("push", "--quiet", remote, f"HEAD:refs/heads/{BRANCH}")
        work.done(created=len(changed), conflicts=len(conflicts))
        self.center.replace_conflicts(item, conflicts)
        for conflict in conflicts:
            work.event(Level.WARNING, "Conflict", f"'{conflict.path}' was changed here and at the remote.")

    def merge(self, item: str, git: Git, theirs: str) -> list[Conflict]:
        """Takes over what the remote has; a note that both changed stays as a copy beside the remote's version."""
        if git.says("merge", "--quiet", "--allow-unrelated-histories", "--no-edit", theirs):
            return []
        conflicts = []
        for path in git("diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]:
            mine = git("show", f":2:{path}", fails=True)
            with open(os.path.join(git.folder, self.copy_of(path)), "w", encoding="utf-8") as copy:
                copy.write(mine)
            if not git.says("checkout", "--quiet", "--theirs", "--", path):
                git("rm", "--quiet", "--", path)
            now = int(time.time() * 1000)
            versions = [Version("here", size=len(mine), modified=now), Version("remote", modified=now)]
            conflicts.append(Conflict(path, item, path, versions=versions))
        git("add", "--all")
        git("commit", "--quiet", "--no-edit")
        return conflicts

    @staticmethod
    def copy_of(path: str) -> str:
        stem, dot, end = path.rpartition(".")
        return f"{stem} (here){dot}{end}" if dot else f"{path} (here)"

    def resolve(self, conflict: Conflict, keep: str, choice: Mapping[str, Any]) -> None:
        """Keeps the version here, the remote's, or both."""
        folder = self.folder(conflict.item)
        mine, note = (os.path.join(folder, name) for name in (self.copy_of(conflict.path), conflict.path))
        if keep == "one" and choice.get("index") == 0:
            os.replace(mine, note)
        elif keep == "one":
            os.remove(mine)
        elif keep != "all":
            raise Problem(ProblemClass.CONFIG, "Notes can keep the version here, the remote's, or all.")
        self.center.replace_conflicts(conflict.item, [])


class Git:
    """Runs git in a folder; a stop ends it."""

    def __init__(self, folder: str, work: Work) -> None:
        self.folder = folder
        self.work = work

    def run(self, *words: str) -> tuple[int, str, str]:
        identity = {"GIT_AUTHOR_NAME": "Instep", "GIT_AUTHOR_EMAIL": "instep@localhost"}
        identity |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in identity.items()}
        process = subprocess.Popen(
            ["git", "-C", self.folder, "-c", "core.quotePath=false", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            # It must never ask for a password.
            env={**os.environ, **identity, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"},
        )
        try:
            while True:
                try:
                    out, errors = process.communicate(timeout=0.1)
                    return process.returncode, out, errors
                except subprocess.TimeoutExpired:
                    self.work.check()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def says(self, *words: str) -> bool:
        return self.run(*words)[0] == 0

    def __call__(self, *words: str, fails: bool = False) -> str:
        code, out, errors = self.run(*words)
        if code == 0 or fails:
            return out
        said = errors.strip().splitlines()[-1] if errors.strip() else f"exit code {code}"
        kind = ProblemClass.TRANSIENT
        if any(word in errors for word in ("Permission denied", "could not read Username", "Authentication failed")):
            kind = ProblemClass.AUTH
        elif "does not appear to be a git repository" in errors or "not found" in errors:
            kind = ProblemClass.CONFIG
        raise Problem(kind, f"git {words[0]} failed in '{self.folder}': {said}")


if __name__ == "__main__":
    serve(Notes())
