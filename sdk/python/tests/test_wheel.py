"""The package as it is installed, its example as people use it, and the real program: notes go to a real git daemon.

`cargo xtask test` builds the wheel, installs it into a fresh environment, and says where the program is (`INSTEP`)."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any, Sequence

#: For ever, on a machine with much else to do.
PATIENCE = 120.0


class Daemon:
    """A git daemon of this machine, for the repositories of a folder."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"git://127.0.0.1:{self._listener.getsockname()[1]}"
        self._serving: list[subprocess.Popen[bytes]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        words = ["git", "daemon", "--inetd", "--export-all", "--enable=receive-pack", f"--base-path={self._base}"]
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                end = connection.fileno()
                # Whatever it starts is ended with it.
                self._serving.append(subprocess.Popen(words, stdin=end, stdout=end, start_new_session=True))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for process in self._serving:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class TheExample(unittest.TestCase):
    """Run by the center, from a wheel."""

    def setUp(self) -> None:
        program = os.environ.get("INSTEP")
        self.assertTrue(program, "INSTEP does not say where the program is; `cargo xtask test` does")
        self.instep = str(Path(str(program)).resolve())
        command = Path(sys.executable).parent / "instep-notes-git"
        self.assertTrue(command.exists(), f"{command} is not there: the wheel is not installed for {sys.executable}")
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        for name in ("home", "remotes", "diary", "instep"):
            (self.place / name).mkdir()
        self.remote = self.place / "remotes/diary.git"
        self.git("init", "--quiet", "--bare", str(self.remote))
        self.daemon = Daemon(self.place / "remotes")
        self.addCleanup(self.daemon.close)
        self.settings(command, f"{self.daemon.url}/diary.git")
        self.command = command

    def settings(self, command: Path, remote: str) -> None:
        text = f"""
            [handlers.notes]
            command = ["{command}"]

            [items.diary]
            name = "Diary"
            handler = "notes"
            folder = "{self.place}/diary"
            remote = "{remote}"
        """
        (self.place / "instep/instep.toml").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        # Nothing of where the tests are: what is installed is what runs.
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place / "home"),
            "INSTEP_HOME": str(self.place / "instep"),
        }

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=Other", "-c", "user.email=other@example.org"]
        done = subprocess.run(["git", *identity, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        return done.stdout

    def run_instep(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [self.instep, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout

    def sync(self, code: int = 0) -> str:
        got, said = self.run_instep("sync", "diary")
        self.assertEqual(got, code, said)
        return said

    def write(self, name: str, text: str) -> None:
        (self.place / "diary" / name).write_text(text)

    def note(self, name: str) -> str:
        return (self.place / "diary" / name).read_text()

    def at_the_remote(self, name: str) -> str:
        return self.git("-C", str(self.remote), "show", f"notes:{name}")

    def elsewhere(self, name: str, text: str) -> None:
        """Another machine writes a note and pushes it."""
        clone = tempfile.mkdtemp(dir=self.place)
        self.git("clone", "--quiet", "--branch", "notes", str(self.remote), clone)
        (Path(clone) / name).write_text(text)
        for words in (["add", "--all"], ["commit", "--quiet", "--message", "elsewhere"], ["push", "--quiet"]):
            self.git("-C", clone, *words)

    def conflicts(self) -> Sequence[dict[str, Any]]:
        _, said = self.run_instep("conflicts", "diary", "--json")
        lines = [json.loads(line) for line in said.splitlines()]
        return [line for line in lines if "path" in line]

    def test_notes_go_to_the_remote_and_come_from_it(self) -> None:
        self.sync()
        self.write("monday.md", "rain\n")
        said = self.sync()
        self.assertIn("Diary", said)
        self.assertEqual(self.at_the_remote("monday.md"), "rain\n")
        self.elsewhere("tuesday.md", "sun\n")
        self.sync()
        self.assertEqual(self.note("tuesday.md"), "sun\n")

    def test_a_conflict_is_shown_and_settled_and_only_that_one(self) -> None:
        for name in ("monday.md", "tuesday.md"):
            self.write(name, "one\n")
        self.sync()
        for name in ("monday.md", "tuesday.md"):
            self.elsewhere(name, "theirs\n")
            self.write(name, "mine\n")
        self.sync(code=5)
        self.assertEqual((self.note("monday.md"), self.note("monday (here).md")), ("theirs\n", "mine\n"))
        self.assertEqual([conflict["path"] for conflict in self.conflicts()], ["monday.md", "tuesday.md"])
        # It stays open until it is settled.
        self.sync(code=5)
        code, said = self.run_instep("resolve", "diary", "monday.md", "--keep", "a", "--yes")
        self.assertEqual(code, 0, said)
        self.assertEqual([conflict["path"] for conflict in self.conflicts()], ["tuesday.md"])
        # Settled by hand.
        (self.place / "diary/tuesday (here).md").unlink()
        self.sync()
        self.assertEqual((self.at_the_remote("monday.md"), self.at_the_remote("tuesday.md")), ("mine\n", "theirs\n"))
        self.assertEqual(list(self.conflicts()), [])

    def test_it_is_stopped_in_the_middle_of_a_push(self) -> None:
        self.write("monday.md", "rain\n")
        reached, answer = self.place / "reached", self.place / "answer"
        for pipe in (reached, answer):
            os.mkfifo(pipe)
        hook = self.remote / "hooks/pre-receive"
        hook.write_text(f"#!/bin/sh\necho here > '{reached}'\nread code < '{answer}'\nexit $code\n")
        hook.chmod(0o755)
        hears = os.open(reached, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, hears)
        # Open for both, so that nobody waits for the other end.
        answers = os.open(answer, os.O_RDWR)
        self.addCleanup(os.close, answers)
        process = subprocess.Popen(
            [self.instep, "sync", "diary"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready, _, _ = select.select([hears], [], [], PATIENCE)
        self.assertTrue(ready, "the push did not reach the remote")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 6, said)
        os.write(answers, b"1\n")
        hook.unlink()
        self.sync()
        self.assertEqual(self.at_the_remote("monday.md"), "rain\n")
        _, said = self.run_instep("results", "diary")
        self.assertIn("canceled", said)

    def test_what_fails_is_explained(self) -> None:
        self.write("monday.md", "rain\n")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        for remote, code, words in (
            (f"git://127.0.0.1:{port}/diary.git", 3, ["git fetch failed", "Connection refused"]),
            # A matter of the settings.
            (f"{self.daemon.url}/nowhere.git", 2, ["git fetch failed", "look whether the remote is right"]),
        ):
            self.settings(self.command, remote)
            said = self.sync(code)
            for word in words:
                self.assertIn(word, said)
        (self.place / "diary").rename(self.place / "elsewhere")
        self.assertIn("is not there", self.sync(code=3))
        self.settings(Path("/nowhere/instep-notes-git"), self.daemon.url)
        self.assertIn("/nowhere/instep-notes-git", self.sync(code=2))


if __name__ == "__main__":
    unittest.main()
