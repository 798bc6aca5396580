"""What the repository promises about itself."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from publishing import paths

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def make(*arguments: str) -> str:
    """What it prints."""
    return subprocess.check_output(["make", *arguments], cwd=ROOT, text=True)


def test_help_fits_a_terminal_and_every_target_in_it_is_one():
    told = make("help")
    targets = re.findall(r"^  make ([\w-]+)", told, re.MULTILINE)
    assert {"site", "serve", "test", "check"} <= set(targets) and max(map(len, told.splitlines())) <= 80
    make("--dry-run", *targets)


def test_make_alone_builds_the_site():
    told = make("--dry-run")
    assert told == make("--dry-run", "all") and "-m publishing site" in told


def test_clean_removes_all_that_is_generated_but_the_states_of_training(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    generated = [paths.relative(path) for path in paths.generated()]
    for folder in ("build/experiments/0123", ".venv", ".venv-lab", "node_modules", "vendor", *generated):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "x").write_text("")
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True)
    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == ["Makefile", "build/experiments/0123/x"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_exact_versions_and_nothing_else(lock):
    lines = lock.read_text().splitlines()
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_package_has_one_version_in_all_locks_but_where_jupyter_book_needs_an_old_one(lock):
    """The main one is tried by each Python that is served; a newer version may not be for all of them."""
    main, other = (
        dict(line.split("==") for line in one.read_text().splitlines())
        for one in (ROOT / "requirements/main.lock", lock)
    )
    differ = {name for name in main.keys() & other.keys() if main[name] != other[name]}
    assert differ == ({"markdown-it-py"} if lock.stem == "books" else set())


def named(*groups: str) -> set[str]:
    """The packages that the project names, for all that it does and for these parts of it."""
    known = [*PROJECT["dependencies"], *(name for group in groups for name in PROJECT["optional-dependencies"][group])]
    return {name.lower().split("=")[0] for name in known}


def test_what_the_project_names_is_locked():
    lines = (ROOT / "requirements" / "main.lock").read_text().lower().splitlines()
    locked = {line.split("==")[0].replace("_", "-") for line in lines}
    assert named(*PROJECT["optional-dependencies"]) - locked == set()


def modules(path: Path) -> set[str]:
    """What a file imports, at its top or later: modules, and names in them."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    absolute = [node for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {*names, *(f"{node.module}.{alias.name}" for node in absolute for alias in node.names)}


BEFORE = {
    "execute": set(),
    "typeset": set(),
    "render": {"typeset"},
    "site": {"render"},
    "serve": {"site"},
    "checks": {"render", "site"},
    "blog": {"checks", "render", "site"},
}


def test_a_folder_of_the_build_imports_only_what_comes_before_it():
    folders = {path.parent.name for path in paths.PACKAGE.glob("*/__init__.py")}
    assert folders == BEFORE.keys()
    for path in paths.PACKAGE.rglob("*.py"):
        taken = {name.split(".")[1] for name in modules(path) if name.startswith("publishing.")}
        folder = path.relative_to(paths.PACKAGE).parts[0]
        known = BEFORE.get(folder, set()) | {folder}
        if path.name not in ("build.py", "__main__.py"):  # which put the folders together
            assert taken & {*folders, "build", "__main__"} <= known, paths.relative(path)


@pytest.mark.parametrize(
    ("folders", "groups"),
    [(("ddpm_notes", "experiments", "publishing"), ("publishing", "fast")), (("tests",), ("publishing", "test"))],
)
def test_what_the_code_imports_the_project_names(folders, groups):
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {name.split(".")[0] for path in files for name in modules(path)}
    ours = {path.name for path in ROOT.iterdir()}
    laid = {name: told[0].lower().replace("_", "-") for name, told in packages_distributions().items()}
    assert {laid.get(name, name) for name in found - ours - sys.stdlib_module_names} - named(*groups) == set()


def test_what_our_scripts_load_the_project_names():
    named = json.loads((ROOT / "package.json").read_text())["dependencies"]
    texts = [path.read_text() for path in (ROOT / "publishing").rglob("*.mjs")]
    loaded = {name for text in texts for name in re.findall(r"""require\(["']([^/"']+)""", text)}
    assert loaded and loaded <= named.keys()


def test_a_wheel_holds_every_file_of_the_packages(tmp_path):
    packages = ("ddpm_notes", "publishing")
    for name in packages:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    there = {path.relative_to(tmp_path).as_posix() for name in packages for path in (tmp_path / name).rglob("*.*")}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", tmp_path, tmp_path], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert there - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_binder_lays_what_is_locked_and_its_notebooks_import_the_packages(tmp_path):
    binder = ROOT / ".binder"
    named = [line.removeprefix("-r ") for line in (binder / "requirements.txt").read_text().splitlines()]
    assert ROOT / "requirements/main.lock" in [(binder / name).resolve() for name in named]
    assert all((binder / name).is_file() for name in named)
    started = subprocess.run([binder / "start", "printenv", "PYTHONPATH"], cwd=tmp_path, capture_output=True, text=True)
    assert started.stdout == f"{ROOT}\n"


@pytest.mark.parametrize("folder", ["", "benchmarks/lighthouse", "benchmarks/myst"])
def test_a_lock_of_npm_names_no_download_address(folder):
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    assert len(packages) > 1
    assert [name for name, package in packages.items() if "resolved" in package] == []


LAID = (".venv", ".venv-lab", "node_modules", "vendor")
WRITTEN = ("_posts/x.md", "_layouts/x.html", "_includes/x.html", "assets/css/x.css", "assets/js/x.js", "notebooks/x.md")


def test_git_keeps_what_the_site_is_built_from_and_nothing_that_is_generated_or_laid(git_checkout):
    generated = [f"{name}/x" for name in (*map(paths.relative, paths.generated()), *LAID)]
    command = ["git", "check-ignore", "--no-index", *WRITTEN, *generated, "Gemfile.lock"]
    told = subprocess.run(command, cwd=git_checkout, capture_output=True, text=True).stdout
    assert told.split() == [*generated, "Gemfile.lock"]


@pytest.mark.parametrize(
    ("target", "names", "given"),
    [
        ("new", ("PAPER", "TITLE"), ("vae", """It's "$x$" `echo` $(HOME) \\beta; a | b""")),
        ("import", ("FILE", "AS"), ("my notes/it's $x.ipynb", "ddim/05-x")),
    ],
)
def test_what_is_typed_reaches_a_command_through_make_as_it_was_given(tmp_path, target, names, given):
    typed = [f"{name}={value}" for name, value in zip(names, given, strict=True)]
    recipe = make("--no-print-directory", "--dry-run", target, "PYTHON=:", "PUBLISHING=printf '%s|'", *typed)
    said = subprocess.check_output(["sh", "-c", recipe], cwd=tmp_path, text=True)
    assert said == f"{target}|{'|'.join(given)}|"


@pytest.mark.parametrize("given", ["", "0", "1"])
@pytest.mark.parametrize(
    ("target", "name", "option"),
    [("embed", "UNDO", "--undo"), ("embed", "DRY", "--dry"), ("notebooks", "FORCE", "--force")],
)
def test_0_is_no_by_make(target, name, option, given):
    assert (option in make("--dry-run", target, "BLOG=.", f"{name}={given}").split()) == (given == "1")


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {("pages.yml", "deploy"): {"pages", "id-token"}}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_only_the_deployment_may_write(workflow):
    told = yaml.safe_load(workflow.read_text())
    assert told["permissions"] == {"contents": "read"}
    for name, job in told["jobs"].items():
        granted = job.get("permissions", {})
        assert {what for what, right in granted.items() if right == "write"} == WRITES.get((workflow.name, name), set())
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_named_by_its_commit_since_a_tag_can_be_moved(workflow):
    named = re.findall(r"uses: *(.*)", workflow.read_text())
    assert named
    assert [name for name in named if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", name)] == []
