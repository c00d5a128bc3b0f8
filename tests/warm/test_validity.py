"""Whether what was read is still so, on a real disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reloadd.core.account import Account
from reloadd.supervise.launch import Plan
from reloadd.supervise.noted import signature_of
from reloadd.warm.validity import Installed, fault_of_plan, fault_of_reading
from tests.support.daemon import write_files

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """A process that has imported a library, a package and modules of the user's, and has read and missed things."""
    write_files(
        tmp_path,
        {
            "app/main.py": "",
            "app/shop/__init__.py": "",
            "app/shop/views.py": "",
            "app/data.yaml": "",
            "app/templates/a.html": "",
            "late/later.py": "",
            "venv/lib/python3.11/site-packages/flask/__init__.py": "",
            "lib/python3.11/json.py": "",
        },
    )
    packages = tmp_path / "venv/lib/python3.11/site-packages"
    path = [str(tmp_path / "app"), str(tmp_path / "late"), str(tmp_path / "lib/python3.11"), str(packages)]
    lines: list[dict[str, object]] = [{"word": "path", "path": path}]
    for name, file in {
        "flask": packages / "flask/__init__.py",
        "json": tmp_path / "lib/python3.11/json.py",
        "main": tmp_path / "app/main.py",
        "shop": tmp_path / "app/shop/__init__.py",
        "shop.views": tmp_path / "app/shop/views.py",
        "later": tmp_path / "late/later.py",
    }.items():
        is_users = "python3.11" not in str(file)
        signature = signature_of(str(file))
        lines.append({"word": "found", "name": name, "file": str(file), "signature": signature, "user": is_users})
    for opened in ("data.yaml", "local.yaml"):
        file = tmp_path / "app" / opened
        lines.append({"word": "opened", "file": str(file), "signature": signature_of(str(file))})
    for listed, endings, names in (("app/templates", (), ["a.html"]), ("app", ("dist-info",), [])):
        lines.append(
            {
                "word": "listed",
                "file": str(tmp_path / listed),
                "signature": signature_of(str(tmp_path / listed)),
                "endings": endings,
                "names": names,
            }
        )
    lines += [{"word": "missed", "name": name} for name in ("simplejson", "shop.local", "flask.extra")]
    made = Account()
    made.add(
        [{key: list(value) if isinstance(value, tuple) else value for key, value in line.items()} for line in lines]
    )
    return made


def write(name: str, text: str = "x = 1\n") -> Callable[[Path], object]:
    """An edit."""
    return lambda directory: write_files(directory, {name: text})


def reverted(directory: Path) -> None:
    """Edited and put back by a tool that keeps times: another inode tells."""
    file = directory / "app/shop/views.py"
    status = file.stat()
    shutil.copy(file, directory / "copy")
    (directory / "copy").replace(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def renamed_over(directory: Path) -> None:
    """A file that was listed and never read is saved as `sed -i` does: its directory changes, but not what is in it."""
    (directory / "app/templates/sedAbCdEf").write_text("b")
    (directory / "app/templates/sedAbCdEf").replace(directory / "app/templates/a.html")


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (write("app/main.py"), "app/main.py` has changed"),
        (write("app/shop/views.py"), "app/shop/views.py` has changed"),
        (write("app/data.yaml"), "app/data.yaml` has changed"),
        (write("app/local.yaml"), "app/local.yaml` has changed"),
        (write("app/templates/b.html"), "app/templates` has other files in it"),
        (lambda directory: (directory / "app/templates/a.html").unlink(), "app/templates` has other files in it"),
        (lambda directory: shutil.rmtree(directory / "app/templates"), "app/templates` has other files in it"),
        (write("app/Shop-2.DIST-INFO/METADATA"), "app` has other files in it"),
        (write("venv/lib/python3.11/site-packages/flask/__init__.py"), "flask/__init__.py` has changed"),
        (reverted, "app/shop/views.py` has changed"),
        (lambda directory: (directory / "app/data.yaml").unlink(), "app/data.yaml` has changed"),
        (write("app/json.py"), "app/json.py` has the name of a module that was imported"),
        (write("app/flask/__init__.py"), "app/flask/__init__.py` has the name of a module that was imported"),
        (write("late/flask.py"), "late/flask.py` has the name of a module that was imported"),
        (write("app/later.py"), "app/later.py` has the name of a module that was imported"),
        (write("app/main/__init__.py"), "app/main/__init__.py` has the name of a module that was imported"),
        (write("app/shop/views/__init__.py"), "views/__init__.py` has the name of a module that was imported"),
        (write("app/simplejson.py"), "app/simplejson.py` was looked for in vain and is there now"),
        (write("late/simplejson/__init__.py"), "simplejson/__init__.py` was looked for in vain and is there now"),
        (write("late/simplejson/data.txt"), "late/simplejson` was looked for in vain and is there now"),
        (write("app/shop/local.py"), "app/shop/local.py` was looked for in vain and is there now"),
        (
            write("venv/lib/python3.11/site-packages/flask/extra.py"),
            "extra.py` was looked for in vain and is there now",
        ),
    ],
)
def test_what_would_be_read_in_another_way_is_found(
    account: Account, tmp_path: Path, edit: Callable[[Path], object], named: str
) -> None:
    """Each is named; without it there is nothing to find."""
    assert fault_of_reading(account) is None
    edit(tmp_path)

    assert str(fault_of_reading(account)).endswith(named)


@pytest.mark.parametrize(
    "edit",
    [
        write("app/other.py"),
        write("app/json/data.txt"),
        write("app/shop/tests.py"),
        write("late/main.py"),
        write("late/shop/__init__.py"),
        write("app/shop.py"),
        write("app/simplejson.txt"),
        write("app/app.db-journal"),
        write("app/__pycache__/main.cpython-311.pyc"),
        write("app/templates/__pycache__/a.pyc"),
        write("app/templates/.a.html.swp"),
        write("app/templates/a.html~"),
        write("app/templates/4913"),
        renamed_over,
    ],
)
def test_what_makes_no_difference_is_let_pass(account: Account, tmp_path: Path, edit: Callable[[Path], object]) -> None:
    """A module that nobody asked for, a directory that is no package, a module that comes later on the path."""
    edit(tmp_path)

    assert fault_of_reading(account) is None


def test_installing_a_package_is_seen(tmp_path: Path) -> None:
    """In any directory for packages that there was."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    installed = Installed.of([str(tmp_path), str(packages)])
    assert installed.fault() is None
    write_files(tmp_path, {"app.py": ""})
    assert installed.fault() is None
    write_files(packages, {"new.py": ""})

    assert installed.fault() == f"packages were installed or removed in `{packages}`"


def test_another_plan_is_named() -> None:
    """What differs, by the name of a variable."""
    plan = Plan(("python",), {"A": "1"}, Path("/app"), {"target": "app", "argv": []})

    assert fault_of_plan(plan, plan) is None
    assert fault_of_plan(plan, replace(plan, environ={"A": "2"})) == "the environment has another `A`"
    assert fault_of_plan(plan, replace(plan, environ={})) == "the environment has another `A`"
    assert (
        fault_of_plan(plan, replace(plan, interpreter=("python", "-u")))
        == "it has another interpreter or working directory"
    )
    assert (
        fault_of_plan(plan, replace(plan, go={**plan.go, "argv": ["-v"]})) == "it has another target or other arguments"
    )
