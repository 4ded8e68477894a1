"""What the documents name exists: files, links, decisions, targets of make, tests, calls of the API."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.calls import ENDPOINTS

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "infra").rglob("*.md")]
}
DECISIONS = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
PARTS = ("shared", "local", "tests", "benchmarks", "infra", "docs")
FILES = [path for part in PARTS for path in (ROOT / part).rglob("*") if "node_modules" not in path.parts]
SOURCES = "".join(path.read_text() for path in FILES if path.match("test_*.py"))
TESTED = SOURCES + " ".join(str(path) for path in FILES if path.match("tests/**/*.py"))
MADE = {"local.settings.json", ".local/ca.pem", ".local/microsoft.pem"}
"""What is not in the repository because people or `make setup` make it."""


def anchors(path: Path) -> list[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def broken_links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", path.read_text()):
        name, _, anchor = target.partition("#")
        found = path.parent / name if name else path
        if "://" in target:
            continue
        if not found.exists() or (anchor and anchor not in anchors(found)):
            yield target


def missing_files(text: str) -> Iterator[str]:
    for name in re.findall(r"`([\w.-][\w./-]*(?:\.(?:py|md|json|bicep|yaml|toml|txt|pem)|/))`", text):
        places = (ROOT / name, ROOT / "shared" / name)
        somewhere = "/" not in name and any(path.name == name for path in FILES)
        if not somewhere and name not in MADE and not any(place.exists() for place in places):
            yield name


def missing_targets(text: str) -> Iterator[str]:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for pair in re.findall(r"`make\s+([a-z-]+)|^make ([a-z-]+)\s*(?:#|$)", text, re.MULTILINE):
        if (name := "".join(pair)) not in targets:
            yield f"make {name}"


def missing_tests(text: str) -> Iterator[str]:
    for name in re.findall(r"`(test_\w+)`", text):
        if f"def {name}(" not in SOURCES:
            yield name
    for expression in re.findall(r"-k ('[^']+'|\w+)", text):
        for word in set(re.findall(r"\w+", expression)) - {"or", "and", "not", "booking"}:
            if word not in TESTED:
                yield f"-k {word}"


def missing_calls(text: str) -> Iterator[str]:
    known = {f"{one.method} /{re.sub(r'{.*?}', '{}', one.route)}" for one in ENDPOINTS.values()}
    for method, path in re.findall(r"`(GET|PUT|POST|PATCH|DELETE) (/(?:api|operations|health)[^`?…]*)", text):
        if f"{method} {re.sub(r'{.*?}', '{}', path)}" not in known:
            yield f"{method} {path}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_a_document_names_exists(name: str) -> None:
    path = DOCUMENTS[name]
    text = path.read_text()
    found = [broken_links(path), missing_files(text), missing_targets(text), missing_tests(text), missing_calls(text)]
    assert [missing for kind in found for missing in kind] == []


def test_what_is_missing_would_be_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](none.md) [b](#two) [c](#one) `shared/none.py` `none.py` `nowhere/` `turns.py`")
    assert list(broken_links(page)) == ["none.md", "#two"]
    assert list(missing_files(page.read_text())) == ["shared/none.py", "none.py", "nowhere/"]
    assert list(missing_targets("`make none` and `make test`")) == ["make none"]
    word = "never" * 3
    assert list(missing_tests(f"`test_none_of_this` -k {word}")) == ["test_none_of_this", f"-k {word}"]
    assert list(missing_calls("`GET /api/none`, `GET /api/outlook`")) == ["GET /api/none"]


def test_decisions_are_numbered_one_by_one() -> None:
    assert [int(name[:4]) for name in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for name in DECISIONS:
        assert (ROOT / "docs/decisions" / name).read_text().startswith(f"# {int(name[:4])}. ")


def test_a_decision_that_is_pointed_to_has_the_number_that_is_said() -> None:
    texts = "".join(path.read_text() for path in DOCUMENTS.values())
    pointed = re.findall(r"\[decision (\d+)\]\([^)]*?(\d{4})-", texts)
    assert len(pointed) > 5
    assert [said for said, number in pointed if int(said) != int(number)] == []
