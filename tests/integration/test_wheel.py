"""The wheel holds all that Vedette needs, and runs from outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ("config", "quorum", "promotion", "sentinel")
LIMIT_S = 60


def run(*command: str | Path, cwd: Path) -> str:
    """The command's output. Neither PYTHONPATH nor the working directory leads to the checkout."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, CHECKOUT, cwd=out)
    [built] = out.glob("vedette-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a new environment: the wheel by itself, and the dependencies of this one.

    They come from a folder of links to each of them, for beside them in this environment's own folder
    is the editable install of the checkout.
    """
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=home
    )
    dependencies = home / "dependencies"
    dependencies.mkdir()
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(folder).iterdir():
            if entry.suffix != ".pth" and "vedette" not in entry.name:
                (dependencies / entry.name).symlink_to(entry)
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    (Path(purelib) / "dependencies.pth").write_text(f"{dependencies}\n")
    return python.parent


def test_the_wheel_holds_every_source_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert inside == expected
    assert "config/vedette.schema.json" in inside


def test_the_packages_are_those_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    files = ", ".join(f"{package}.__file__" for package in PACKAGES)
    program = f"import {', '.join(PACKAGES)}; print({files})"
    paths = run(installed / "python", "-c", program, cwd=tmp_path).split()
    assert len(paths) == len(PACKAGES)
    assert all(path.startswith(str(installed.parent)) for path in paths)


def test_the_command_runs(installed: Path, tmp_path: Path) -> None:
    assert "0.1.0" in run(installed / "vedette", "version", cwd=tmp_path)
    assert "run" in run(installed / "vedette", "--help", cwd=tmp_path)
