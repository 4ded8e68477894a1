"""What reaches Azure is the app: function_app.py, host.json, requirements.txt and shared/, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec
from template import ROOT

LINES = (ROOT / ".funcignore").read_text().splitlines()
APP = re.compile(r"function_app\.py|host\.json|requirements\.txt|shared/.+")
SHIPPED = [
    "function_app.py",
    "host.json",
    "requirements.txt",
    "shared/__init__.py",
    "shared/graph/client.py",
    "shared/storage/calendars.py",
    "shared/pages/templates/activation.html",
    "shared/pages/static/style.css",
    "shared/pages/static/logo.svg",
]
KEPT_HERE = [
    ".git/config",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".vscode/settings.json",
    ".devcontainer/devcontainer.json",
    ".azure/production/.env",
    ".env",
    "local.settings.json",
    "local.settings.sample.json",
    ".local/world.json",
    ".local/microsoft.pem",
    "microsoft.pem",
    "tests/conftest.py",
    "tests/infra/test_funcignore.py",
    "benchmarks/availability.py",
    "local/host.py",
    "infra/main.bicep",
    "docs/settings.md",
    "docs/openapi.json",
    "README.md",
    "LICENSE",
    "Makefile",
    "azure.yaml",
    "pyproject.toml",
    "requirements-dev.txt",
    ".venv/lib/python3.13/site-packages/jwt/api_jwt.py",
    "node_modules/azurite/package.json",
    "shared/__pycache__/settings.cpython-313.pyc",
    ".ruff_cache/CACHEDIR.TAG",
    ".mypy_cache/3.11/shared.data.json",
    ".pytest_cache/README.md",
    ".hypothesis/constants",
    "__azurite_db_table__.json",
]


def shipped(lines: Iterable[str], paths: Iterable[str]) -> set[str]:
    """The paths that are left when .funcignore, a list in the manner of .gitignore, is applied."""
    spec = GitIgnoreSpec.from_lines(lines)
    return {path for path in paths if not spec.match_file(path)}


def files_of(root: Path) -> Iterator[str]:
    """Every file here, but not below the folders that no list could ship by mistake: they are large."""
    large = {".git", ".venv", "venv", "node_modules", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__"}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in large]
        yield from ((Path(folder) / name).relative_to(root).as_posix() for name in files)


def test_exactly_the_app_is_shipped() -> None:
    here = set(files_of(ROOT))
    assert shipped(LINES, here) == {path for path in here if APP.fullmatch(path)}


@pytest.mark.parametrize("path", SHIPPED)
def test_app_is_shipped(path: str) -> None:
    assert shipped(LINES, [path]) == {path}


@pytest.mark.parametrize("path", KEPT_HERE)
def test_anything_else_stays_here(path: str) -> None:
    assert shipped(LINES, [path]) == set()


def test_only_plain_patterns_are_used() -> None:
    """Core Tools ships nothing at all when it meets `!`, see azure-functions-core-tools#4240."""
    assert [line for line in LINES if line.startswith("!")] == []


@pytest.mark.parametrize("line", ["tests", "docs", "*.md", "local.settings*.json", ".local"])
def test_a_line_that_is_missing_is_noticed(line: str) -> None:
    assert line in LINES
    assert shipped([kept for kept in LINES if kept != line], KEPT_HERE) != set()


@pytest.mark.parametrize("line", ["pages", "*.html", "static", "shared/storage"])
def test_a_line_too_many_is_noticed(line: str) -> None:
    assert shipped([*LINES, line], SHIPPED) != set(SHIPPED)
