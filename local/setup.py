"""`make setup`: the virtual environment, its packages and Azurite, each only when something changed.

Runs on a bare Python, so only the standard library is imported before the environment exists.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
OLDEST = (3, 11)


class SetupError(Exception):
    """Setting up cannot go on; the message says what to do."""


def main() -> int:
    """Do the three steps; returns the exit status."""
    try:
        if STAMP.exists() and STAMP.read_text() == fingerprint() and PYTHON.exists():
            return _install_azurite(quiet=True)
        _make_environment()
        _install_packages()
        return _install_azurite(quiet=False)
    except SetupError as error:
        print(f"\nSet-up stopped: {error}", file=sys.stderr)
        return 1


def fingerprint() -> str:
    """Identify what should be installed: the Python version and the contents of the requirement files."""
    known = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for file in REQUIREMENTS:
        known.update(file.read_bytes())
    return known.hexdigest()


def _make_environment() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    _say(f"[1/3] Python environment: {VENV.name} with Python {version} ...")
    if sys.version_info < OLDEST:
        raise SetupError(f"Python {version} is too old; 3.11 or later is needed (make setup PYTHON=/path/to/python3)")
    if sys.prefix != sys.base_prefix and Path(sys.prefix) == VENV:
        return  # we run inside it already
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        short = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(
            f"Python {version} has no ensurepip. On Debian and Ubuntu: apt install python{short}-venv"
        ) from error


def _install_packages() -> None:
    _say("[2/3] Packages: about a minute the first time ...")
    arguments = [part for file in REQUIREMENTS for part in ("-r", str(file))]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, *arguments], cwd=ROOT, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise SetupError(f"pip could not install the packages:\n{done.stderr.strip()}")
    STAMP.write_text(fingerprint())


def _install_azurite(*, quiet: bool) -> int:
    if not quiet:
        _say("[3/3] Azurite: Microsoft's storage emulator ...")
    command = [str(PYTHON), "-m", "local.azurite"]
    if subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL).returncode:
        raise SetupError("Azurite could not be installed; the message is above")
    if not quiet:
        _say("Ready. `make run` starts the local world, `make` lists what else there is.")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
