"""The command line as people and scripts type it."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from tests.e2e.server_process import ServerProcess


class Shell:
    """Types commands with a key in the environment, in a directory and for an account of its own."""

    def __init__(self, server: ServerProcess, directory: Path) -> None:
        self.server = server
        self.directory = directory
        self.account = f"a{uuid.uuid4().hex[:12]}"
        self.environment = {
            **os.environ,
            "SEGUE_TARGET": server.target,
            "SEGUE_API_KEY": server.key,
        }

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "segue", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.directory,
            env=self.environment,
        )
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    def out(self, *words: str) -> str:
        return self.run(*words).stdout.strip()

    def json(self, *words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out(*words, "--json"))
        return found

    def write(self, name: str, text: str) -> str:
        (self.directory / name).write_text(text, encoding="utf-8")
        return name

    def rules(self, *rules: tuple[str, str]) -> str:
        groups = [{"Rules": [{"RuleType": t, "Clause": c}]} for t, c in rules]
        return self.write("rules.json", json.dumps({"RuleGroups": groups}))
