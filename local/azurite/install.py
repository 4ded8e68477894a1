"""Azurite's program on disk: the version that package-lock.json pins, installed once per lock file."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path

from local.azurite.node import Node

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".local"


def installed(node: Node, cache: Path = CACHE) -> Path:
    """Return the script that runs Azurite, after installing it if this version is not there yet."""
    lock_file = HERE / "package-lock.json"
    folder = cache / f"azurite-{hashlib.sha256(lock_file.read_bytes()).hexdigest()[:12]}"
    script = folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "azurite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may start at once
        if not script.exists():
            _install(node, folder)
    return script


def _install(node: Node, folder: Path) -> None:
    print("  Installing Azurite, Microsoft's storage emulator (about 20 seconds, only once) ...", flush=True)
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    draft.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, draft)
    node.npm("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", folder=draft)
    draft.rename(folder)
