from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TREE = Path(__file__).resolve().parents[2]
LOCK = (TREE / "requirements.lock").read_text()
LOCKED = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ]+) \\$", LOCK, re.MULTILINE)
}


def wanted() -> Iterator[Requirement]:
    project = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]
    for line in project["dependencies"]:
        yield Requirement(line)
    for lines in project["optional-dependencies"].values():
        for line in lines:
            yield Requirement(line)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    for requirement in wanted():
        version = LOCKED.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version), requirement


def test_every_package_has_its_hashes_and_none_an_address() -> None:
    assert len(LOCKED) > len(list(wanted()))
    assert len(re.findall(r"== ?[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", LOCK)) == len(LOCKED)
    assert not re.search(r"://|--find-links|--index-url|file:/", LOCK)
