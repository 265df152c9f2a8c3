"""Keeps folders of notes in sync with a git remote.

Every item is a folder: its changes are committed, what others pushed is taken over, and the result is pushed. Of a note
that both sides changed differently the remote's version stands, and the one from here stays beside it as a copy: a
conflict, and a person chooses.

    [handlers.notes]
    command = ["instep-notes-git"]

    [items.diary]
    handler = "notes"
    folder = "~/Diary"
    remote = "git@example.org:diary.git"
"""

from __future__ import annotations

import os
import subprocess
from typing import Any, Mapping, Optional, Sequence

from instep_handler import (
    Choice,
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
THEIRS = f"refs/remotes/instep/{BRANCH}"
#: How often others may push between our fetch and our push.
ATTEMPTS = 5


class Notes(Handler):
    """Folders of notes, each with its remote."""

    name = "Notes"
    kind = "folder"

    def hello(self, hello: Hello) -> None:
        """The items come from the settings."""
        self.center = hello.center
        self.folders: Mapping[str, Mapping[str, Any]] = hello.items
        for name, keys in self.folders.items():
            for key in ("folder", "remote"):
                if not isinstance(keys.get(key), str):
                    raise Problem(ProblemClass.CONFIG, f"[items.{name}] has no {key}.", f'write {key} = "..."')

    def items(self) -> Sequence[Item]:
        return [
            Item(name, str(keys.get("name", name)), comment=str(keys["remote"])) for name, keys in self.folders.items()
        ]

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
        # A run that was killed may have left a merge behind.
        found = self.take_over(item, git) if git.says("rev-parse", "--quiet", "--verify", "MERGE_HEAD") else []
        git("add", "--all")
        changed = git.names("diff", "--cached", "--name-only", "-z")
        if changed:
            git("commit", "--quiet", "--message", f"{len(changed)} notes from {os.uname().nodename}")
        work.progress("asking the remote", 1, 3)
        remote = str(self.folders[item]["remote"])
        for attempt in range(ATTEMPTS):
            found += self.fetch(item, git, remote, work)
            if not git.says("rev-parse", "--quiet", "--verify", "HEAD"):
                # Neither here nor there is a note.
                break
            work.phase(Phase.MOVING)
            work.progress("pushing", 2, 3)
            pushed = git.run("push", "--quiet", remote, f"HEAD:refs/heads/{BRANCH}")
            others_were_faster = pushed.code != 0 and ("[rejected]" in pushed.errors or "fetch first" in pushed.errors)
            if not others_were_faster or attempt + 1 == ATTEMPTS:
                git.check("push", pushed)
                break
        open_still = [known for known in map(self.look_again, self.center.conflicts(item)) if known is not None]
        known = {conflict.id for conflict in open_still}
        conflicts = [*open_still, *(conflict for conflict in found if conflict.id not in known)]
        self.center.replace_conflicts(item, conflicts)
        for conflict in found:
            work.event(Level.WARNING, "Conflict", f"'{conflict.path}' was changed here and at the remote.")
        work.done(created=len(changed), conflicts=len(conflicts))

    def fetch(self, item: str, git: Git, remote: str, work: Work) -> list[Conflict]:
        """Takes over what the remote has; gives the conflicts that came of it."""
        git("fetch", "--quiet", remote, "+refs/heads/*:refs/remotes/instep/*")
        if not git.says("rev-parse", "--quiet", "--verify", THEIRS):
            return []
        work.phase(Phase.COMPARING)
        before = git.run("rev-parse", "--quiet", "--verify", "HEAD").out.strip()
        if git.merges("merge", "--quiet", "--allow-unrelated-histories", "--no-edit", THEIRS):
            conflicts = []
        elif git.names("diff", "--name-only", "--diff-filter=U", "-z"):
            conflicts = self.take_over(item, git)
        else:
            raise Problem(ProblemClass.TRANSIENT, f"What the remote has could not be merged into '{git.folder}'.")
        if before:
            work.done(updated=len(git.names("diff", "--name-only", "-z", before, "HEAD")))
        return conflicts

    def take_over(self, item: str, git: Git) -> list[Conflict]:
        """Ends a merge in which both changed the same notes. What one side deleted and the other changed stays."""
        conflicts = []
        for path in git.names("diff", "--name-only", "--diff-filter=U", "-z"):
            mine, theirs = (git.blob(f":{stage}:{path}") for stage in (2, 3))
            if mine is not None and theirs is not None:
                copy = self.free_name(git.folder, path)
                with open(os.path.join(git.folder, copy), "wb") as file:
                    file.write(mine)
                conflicts.append(Conflict(path, item, path, versions=versions(git.folder, copy, path)))
            kept = theirs if theirs is not None else mine
            if kept is not None:
                with open(os.path.join(git.folder, path), "wb") as file:
                    file.write(kept)
        git.merges("add", "--all")
        git.merges("commit", "--quiet", "--no-edit")
        return [
            Conflict(one.id, item, one.path, versions=versions(git.folder, one.versions[0].path or "", one.path))
            for one in conflicts
        ]

    @staticmethod
    def free_name(folder: str, path: str) -> str:
        """A name for a copy that nothing has."""
        directory, name = os.path.split(path)
        stem, end = os.path.splitext(name)
        number = 1
        while True:
            which = "here" if number == 1 else f"here {number}"
            copy = os.path.join(directory, f"{stem} ({which}){end}")
            if not os.path.lexists(os.path.join(folder, copy)):
                return copy
            number += 1

    # ---- Conflicts ----

    def look_again(self, conflict: Conflict) -> Optional[Conflict]:
        """As it is now; none when the copy is gone, or says the same as the note."""
        now = versions(self.folder(conflict.item), conflict.versions[0].path or "", conflict.path)
        here, remote = now
        if here.deleted or here.stamp == remote.stamp:
            return None
        return Conflict(conflict.id, conflict.item, conflict.path, versions=now, detected=conflict.detected)

    def content(self, conflict: Conflict, version: Optional[int], limit: int) -> Optional[bytes]:
        if version is None:
            return None
        path = conflict.versions[version].path or conflict.path
        place = os.path.join(self.folder(conflict.item), path)
        if not os.path.isfile(place) or os.path.getsize(place) > limit:
            return None
        with open(place, "rb") as file:
            return file.read()

    def resolve(self, conflict: Conflict, choice: Choice) -> Optional[str]:
        """Keeps the version here, the remote's, or both; the next run tells the remote."""
        now = self.look_again(conflict)
        if now is None:
            self.center.remove_conflicts(conflict.item, [conflict.id])
            return None
        if [version.stamp for version in now.versions] != [version.stamp for version in conflict.versions]:
            self.center.put_conflicts([now])
            return "refresh"
        folder = self.folder(conflict.item)
        here, note = (os.path.join(folder, version.path or conflict.path) for version in now.versions)
        winner = choice.winner(now)
        if winner == 0:
            os.replace(here, note)
        elif winner == 1:
            # The history of the remote has it: it was committed before the merge.
            os.remove(here)
        elif choice.keep != "all":
            raise Problem(ProblemClass.CONFIG, "Notes can keep one of the versions, under its own name, or all.")
        self.center.remove_conflicts(conflict.item, [conflict.id])
        return None


def versions(folder: str, copy: str, path: str) -> list[Version]:
    """The copy from here, and the note as the remote has it."""
    return [version(folder, copy, "here"), version(folder, path, "remote")]


def version(folder: str, path: str, location: str) -> Version:
    """A version as it is now; what was written since has another stamp."""
    try:
        there = os.stat(os.path.join(folder, path))
    except FileNotFoundError:
        return Version(location, deleted=True, path=path)
    stamp = f"{there.st_size} {there.st_mtime_ns} {there.st_ino}"
    return Version(location, size=there.st_size, modified=there.st_mtime_ns // 1_000_000, stamp=stamp, path=path)


class Ran:
    """What a run of git came to."""

    def __init__(self, code: int, out: bytes, errors: bytes) -> None:
        self.code = code
        self.data = out
        # As paths are: what is no UTF-8 comes back as it was.
        self.out = os.fsdecode(out)
        self.errors = os.fsdecode(errors)


class Git:
    """Runs git in a folder; a stop ends it."""

    def __init__(self, folder: str, work: Work) -> None:
        self.folder = folder
        self.work = work

    def run(self, *words: str, to_its_end: bool = False) -> Ran:
        """Runs it; what must not be left half done is run to its end."""
        identity = {"GIT_AUTHOR_NAME": "Instep", "GIT_AUTHOR_EMAIL": "instep@localhost"}
        identity |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in identity.items()}
        process = subprocess.Popen(
            ["git", "-C", self.folder, "-c", "core.quotePath=false", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # It must never ask for a password, and speak the language that is read below.
            env={
                **os.environ,
                **identity,
                "LC_ALL": "C.UTF-8",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
            },
        )
        try:
            while True:
                try:
                    out, errors = process.communicate(timeout=0.1)
                    return Ran(process.returncode, out, errors)
                except subprocess.TimeoutExpired:
                    if not to_its_end:
                        self.work.check()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def says(self, *words: str) -> bool:
        """Whether it says yes."""
        return self.run(*words).code == 0

    def merges(self, *words: str) -> bool:
        """A step of a merge, which is not left half done; whether it came to its end without a conflict."""
        return self.run(*words, to_its_end=True).code == 0

    def blob(self, name: str) -> Optional[bytes]:
        """The content of an object, if there is one of that name."""
        ran = self.run("cat-file", "blob", name, to_its_end=True)
        return ran.data if ran.code == 0 else None

    def names(self, *words: str) -> list[str]:
        """The names that it lists, with a NUL behind each."""
        return self(*words).split("\0")[:-1]

    def __call__(self, *words: str) -> str:
        ran = self.run(*words)
        self.check(words[0], ran)
        return ran.out

    def check(self, what: str, ran: Ran) -> None:
        """Raises what a person should know of a failure."""
        if ran.code == 0:
            return
        lines = ran.errors.strip().splitlines() or [f"exit code {ran.code}"]
        first = next((n for n, line in enumerate(lines) if line.startswith(("fatal:", "error:"))), len(lines) - 1)
        # What ends with a colon is explained on the next line.
        said = " ".join(lines[first : first + 2] if lines[first].endswith(":") else lines[first : first + 1])
        text = f"git {what} failed in '{self.folder}': {said}"
        if any(word in ran.errors for word in ("Permission denied", "could not read Username", "Authentication failed")):
            raise Problem(ProblemClass.AUTH, text, "let this machine in at the remote")
        unknown = ("does not appear to be a git repository", "not found", "repository not exported", "not enabled")
        if any(word in ran.errors for word in unknown):
            raise Problem(ProblemClass.CONFIG, text, "look whether the remote is right in the settings")
        raise Problem(ProblemClass.TRANSIENT, text)


def main() -> None:
    """The command ``instep-notes-git``."""
    serve(Notes())


if __name__ == "__main__":
    main()
