"""The set-up, as far as it can be tried without installing the world again."""

import ast
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from publishing.execute import kernels

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "bootstrap.py"


LOCKS = ("requirements/main.lock", "requirements/node.lock", "requirements/lab.lock", "package-lock.json", "Gemfile")


def program(path: Path, script: str) -> None:
    """A command of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def bootstrap(tmp_path):
    """The script as a module whose repository is a temporary folder, where nothing is locked."""
    (tmp_path / "requirements").mkdir()
    for name in (*LOCKS, "pyproject.toml"):
        (tmp_path / name).touch()
    spec = importlib.util.spec_from_file_location("bootstrap", shutil.copy(SCRIPT, tmp_path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def step(bootstrap):
    """A file, and the step that writes it."""
    product = bootstrap.ROOT / "product"
    return product, Mock(side_effect=lambda: product.write_text("laid"))


@pytest.mark.parametrize(("key", "is_gone", "times"), [("key", False, 1), ("another", False, 2), ("key", True, 2)])
def test_a_step_is_laid_again_when_what_decides_it_changes_or_its_product_is_gone(bootstrap, step, key, is_gone, times):
    product, install = step
    bootstrap.lay("step", product, lambda: "key", install)
    if is_gone:
        product.unlink()
    bootstrap.lay("step", product, lambda: key, install)
    assert install.call_count == times


def test_an_interrupted_step_is_done_again(bootstrap, step):
    product, install = step
    bootstrap.lay("step", product, lambda: "key", install)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.lay("step", product, lambda: "new key", Mock(side_effect=KeyboardInterrupt))
    assert bootstrap.stamped(bootstrap.STAMPS / "step") == bootstrap.UNFINISHED
    bootstrap.lay("step", product, lambda: "key", install)
    assert install.call_count == 2


def test_a_step_that_changes_its_own_key_is_laid_once(bootstrap, step):
    product, install = step
    for _ in range(2):
        bootstrap.lay("step", product, lambda: "laid" if product.exists() else "missing", install)
    assert install.call_count == 1


@pytest.mark.parametrize("machine", ["old", "without npm"])
def test_node_from_pip_is_laid_once_whatever_the_machine_has(bootstrap, monkeypatch, machine):
    def from_pip(*_: object) -> None:
        laid.append("node")
        program(bootstrap.VENV / "bin/node", "exit 0")
        program(bootstrap.VENV / "bin/npm", f"mkdir '{bootstrap.ROOT}/node_modules'")

    laid, tools = [], bootstrap.ROOT / "bin"
    program(tools / "node", "exit 1" if machine == "old" else "exit 0")
    if machine == "old":
        program(tools / "npm", "exit 1")
    monkeypatch.setattr(bootstrap, "pip_install", from_pip)
    monkeypatch.setenv("PATH", str(tools))
    (tools / "mkdir").symlink_to(shutil.which("mkdir", path=os.defpath))
    for _ in range(2):
        bootstrap.node_packages()
    assert laid == ["node"]


def test_the_key_is_made_from_what_a_file_says_not_from_when_or_where(bootstrap):
    first, second = bootstrap.ROOT / "first.lock", bootstrap.ROOT / "second.lock"
    first.write_text("torch==2.13.0")
    second.write_text("torch==2.13.0")
    assert bootstrap.digest(first, "3.11") == bootstrap.digest(second, "3.11")
    assert bootstrap.digest(first, "3.11") != bootstrap.digest(first, "3.12")
    second.write_text("torch==2.13.1")
    assert bootstrap.digest(first, "3.11") != bootstrap.digest(second, "3.11")


def test_an_environment_is_sound_until_it_is_moved(bootstrap):
    made = bootstrap.ROOT / ".venv"
    bootstrap.make_venv(made)
    assert bootstrap.is_sound(made)
    moved = made.rename(bootstrap.ROOT / ".venv-moved")
    assert not bootstrap.is_sound(moved)
    assert not bootstrap.is_sound(made)


def test_the_python_inside_an_environment_leaves_the_laying_to_the_one_outside(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    script = SCRIPT.read_text().replace("sys.exit(main(sys.argv[1:]))", "print(sys.prefix, sys.argv[1:])")
    (tmp_path / "bootstrap.py").write_text(script)
    said = subprocess.check_output([tmp_path / ".venv/bin/python", tmp_path / "bootstrap.py", "site"], text=True)
    assert said == f"{sys.base_prefix} ['site']\n"


def test_a_command_that_fails_shows_its_last_words_and_is_one_sentence(bootstrap, capsys):
    with pytest.raises(bootstrap.StepError, match="installing the moon failed"):
        bootstrap.run("installing the moon", sys.executable, "-c", "print('no rocket'); raise SystemExit(3)")
    assert "no rocket" in capsys.readouterr().err


def pretending(what: str, target: str = "site") -> subprocess.CompletedProcess[str]:
    """A run of the script, by the Python outside, after statements that make the machine look like another."""
    script = (
        f"import platform, runpy, shutil, subprocess, sys; {what}; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    return subprocess.run([sys._base_executable, "-c", script, target], capture_output=True, text=True)


@pytest.mark.parametrize("version", ["3.9.7", "3.15.0"])
def test_a_python_that_the_locks_do_not_serve_gets_one_sentence_and_no_traceback(version):
    done = pretending(f"sys.version_info = {tuple(map(int, version.split('.')))}")
    assert done.returncode == 1
    needed = "a Python from 3.11 to 3.14 is needed"
    assert done.stderr == f"bootstrap: {needed}, this is {version}: try `make PYTHON=python3.11`\n"


def test_an_old_python_can_read_the_script_and_so_says_the_sentence():
    read = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    assert "__future__" not in {node.module for node in ast.walk(read) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize(
    "platform",
    [
        ("linux", "x86_64", "", ("glibc", "2.28")),
        ("linux", "aarch64", "", ("glibc", "2.41")),
        ("darwin", "arm64", "14.0", ("", "")),
        ("darwin", "arm64", "26.1", ("", "")),
        ("linux", "x86_64", "", ("glibc", "2.36-dev")),
        ("darwin", "arm64", "14.0b1", ("", "")),
    ],
)
def test_a_platform_with_wheels_is_served(bootstrap, platform):
    assert bootstrap.refusal(*platform) is None


@pytest.mark.parametrize(
    ("platform", "here"),
    [
        (("linux", "x86_64", "", ("glibc", "2.27")), "Linux on x86_64 with glibc 2.27"),
        (("linux", "x86_64", "", ("", "")), "Linux on x86_64 with a C library other than glibc"),
        (("linux", "aarch64", "", ("musl", "1.2.5")), "Linux on aarch64 with musl 1.2.5"),
        (("linux", "armv7l", "", ("glibc", "2.36")), "Linux on armv7l with glibc 2.36"),
        (("darwin", "x86_64", "15.2", ("", "")), "macOS 15.2 on x86_64"),
        (("darwin", "arm64", "13.7.1", ("", "")), "macOS 13.7.1 on arm64"),
        (("darwin", "arm64", "", ("", "")), "macOS of no known version on arm64"),
        (("linux", "x86_64", "", ("glibc", "dev")), "Linux on x86_64 with glibc dev"),
        (("win32", "AMD64", "", ("", "")), "Windows (WSL would do)"),
        (("freebsd14", "amd64", "", ("", "")), "freebsd14"),
    ],
)
def test_a_platform_without_wheels_is_refused_by_its_name(bootstrap, platform, here):
    told = bootstrap.refusal(*platform)
    assert told.endswith(f"; this is {here}")
    assert "Linux with glibc 2.28 or newer" in told and "macOS 14 or newer" in told


@pytest.mark.parametrize(
    "machine",
    [
        "sys.platform = 'win32'; sys.modules['fcntl'] = None",
        "sys.platform = 'darwin'; platform.machine = lambda: 'x86_64'",
        "platform.libc_ver = lambda: ('', '')",
        "platform.machine = lambda: 'aarch64'; sys.maxsize = 2**31 - 1",
    ],
    ids=["Windows", "Intel Mac", "Alpine", "32 bits"],
)
def test_a_refused_platform_gets_one_sentence_before_anything_is_laid(machine):
    done = pretending(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"bootstrap: .* is needed for the locked packages; this is .*\n", done.stderr)


@pytest.mark.parametrize(
    ("library", "advice"),
    [("libatomic.so.1", "install it (`apt install libatomic1`) and try again")]
    + [
        (name, "`.venv/bin/playwright install-deps chromium`, as root, installs what Chromium needs")
        for name in ("libasound.so.2", "libX11.so.6", "libstdc++.so.6", "libcups-2.1.so", "ld-linux.so.2")
    ],
)
def test_a_missing_library_is_named_with_what_installs_it(bootstrap, capsys, library, advice):
    complaint = f"chrome: error while loading shared libraries: {library}: cannot open shared object file: No such"
    program = f"print('at the top'); print({complaint!r}); raise SystemExit(127)"
    with pytest.raises(bootstrap.StepError) as failure:
        bootstrap.run("starting", sys.executable, "-c", program)
    assert str(failure.value) == f"{library} is missing: {advice}"
    assert capsys.readouterr().err == ""


@pytest.fixture
def machine(bootstrap, monkeypatch):
    """A machine without apt, whose Python prints what the test wants when it is to draw a letter in Chromium."""

    def says(complaint: str) -> None:
        program(bootstrap.VENV / "bin/python", f"[ -z '{complaint}' ] || {{ echo '{complaint}'; exit 1; }}")

    monkeypatch.setattr(bootstrap, "CHROMIUM", bootstrap.ROOT / "chromium")
    monkeypatch.setattr(bootstrap, "has_apt", lambda: False)
    bootstrap.CHROMIUM.write_text("")
    return says


def test_without_apt_a_chromium_that_cannot_draw_is_one_sentence(bootstrap, machine):
    machine("node: error while loading shared libraries: libatomic.so.1: cannot open shared object file")
    with pytest.raises(bootstrap.StepError, match=r"^libatomic.so.1 is missing: .*apt install libatomic1"):
        bootstrap.chromium()
    machine(bootstrap.NO_FONT)
    with pytest.raises(bootstrap.StepError, match=r"no letters.*apt install fonts-dejavu-core"):
        bootstrap.chromium()


def test_with_apt_what_chromium_needs_is_installed_though_chromium_is_there(bootstrap, machine, monkeypatch):
    installed = []

    def apt_install(_: str, *packages: str) -> None:
        installed.extend(packages)
        machine("")

    monkeypatch.setattr(bootstrap, "has_apt", lambda: True)
    monkeypatch.setattr(bootstrap, "apt_install", apt_install)
    machine("node: error while loading shared libraries: libatomic.so.1: cannot open shared object file")
    bootstrap.chromium()
    assert "libatomic1" in installed


def test_a_chromium_that_draws_is_tried_once_and_left_alone(bootstrap, machine):
    machine("")
    bootstrap.chromium()
    machine("asked again")
    bootstrap.chromium()


def test_in_a_terminal_the_seconds_are_counted_and_in_a_log_a_step_is_one_line(bootstrap, capsys, monkeypatch):
    waiting = (sys.executable, "-c", "import time; time.sleep(1.3)")
    bootstrap.run("waiting", *waiting)
    assert re.fullmatch(r"bootstrap: waiting … \d+\.\d s\n", capsys.readouterr().out)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bootstrap.run("waiting", *waiting)
    assert re.fullmatch(r"bootstrap: waiting … (\d+ s\x08+)+\d+\.\d s\n", capsys.readouterr().out)


def test_a_terminal_that_lacks_a_letter_shows_another(bootstrap, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown := io.BytesIO(), "latin-1"))
    step = partial(bootstrap.run, "waiting", sys.executable, "-c", "")
    monkeypatch.setitem(bootstrap.TARGETS, "site", (step,))
    assert bootstrap.main(["site"]) == 0
    sys.stdout.flush()
    assert re.fullmatch(rb"bootstrap: waiting \? \d+\.\d s\n", shown.getvalue())


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_what_comes_and_how_to_take_less_is_said_before_it_is_downloaded(bootstrap, capsys, monkeypatch, system):
    said = []
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(bootstrap, "make_venv", lambda _: None)
    monkeypatch.setattr(bootstrap, "run", lambda *_, **__: None)
    monkeypatch.setattr(bootstrap, "pip_install", lambda *_: said.append(capsys.readouterr().out))
    bootstrap.python_packages()
    lines = said[0].splitlines()
    assert max(map(len, lines), default=0) <= 80
    commands = [line.strip() for line in lines if line.endswith(" make")]
    assert len(commands) == (system == "linux")
    assert all(command in (ROOT / "README.md").read_text() for command in commands)
    monkeypatch.setenv("PIP_FIND_LINKS", "elsewhere")  # as it advises
    (bootstrap.STAMPS / "python").unlink()
    bootstrap.python_packages()
    assert "PIP_FIND_LINKS" not in said[2]


def test_fonts_are_listed_where_notebooks_look_for_them(bootstrap, monkeypatch):
    run = bootstrap.run
    monkeypatch.setattr(bootstrap, "make_venv", lambda _: None)
    monkeypatch.setattr(bootstrap, "pip_install", lambda *_: None)
    monkeypatch.setattr(bootstrap, "run", lambda says, _, *rest, **env: run(says, sys.executable, *rest, **env))
    bootstrap.python_packages()
    (fonts,) = bootstrap.VENV.rglob("fontlist-*.json")
    there = Path(kernels.ENVIRONMENT["MPLCONFIGDIR"]).relative_to(sys.prefix)
    assert fonts.parent == bootstrap.VENV / there


@pytest.fixture
def make(tmp_path):
    """What the Makefile's programs print that are given to it, in a folder whose name is not plain."""
    place = tmp_path / "mö b"
    place.mkdir()
    shutil.copy(ROOT / "Makefile", place)

    def told(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command, environment = ["make", "--silent", *arguments], environment | {"PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)

    yield told
    assert [path.name for path in place.iterdir()] == ["Makefile"]


SETTINGS = ("XDG_CONFIG_HOME", "PIP_CONFIG_FILE", "npm_config_userconfig", "GIT_CONFIG_GLOBAL")
CACHES = ("XDG_CACHE_HOME", "npm_config_cache", "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")
PRINTING = ("--eval", "environment: ; @env", "environment")
NO_HOMES = [{"HOME": "/nonexistent"}, {"HOME": os.devnull}, {"HOME": "/proc"}, {}]


def environment_of(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_make_sets_no_cache_where_home_can_be_written(make, tmp_path):
    given = environment_of(make(*PRINTING, HOME=str(tmp_path)))
    assert given["HOME"] == str(tmp_path) and not given.keys() & set(CACHES)


@pytest.mark.parametrize("environment", NO_HOMES)
def test_make_leaves_home_and_moves_caches_where_home_cannot_be_written(make, tmp_path, environment):
    if os.geteuid() == 0 and environment.get("HOME") == "/proc":
        pytest.skip("root may write everywhere, as far as the system says")
    given = environment_of(make(*PRINTING, **environment))
    assert given.get("HOME") == environment.get("HOME") and not given.keys() & set(SETTINGS)
    assert all(given[name].startswith(f"{tmp_path}/mö b/vendor/cache") for name in CACHES)
    chosen = environment_of(make(*PRINTING, **environment, XDG_CACHE_HOME="/chosen"))
    assert chosen["npm_config_cache"] == "/chosen/npm"


def test_help_writes_nothing_where_there_is_no_home(make):
    assert make("help", HOME="/nonexistent").returncode == 0


@pytest.mark.parametrize("blog", ["", "/nonexistent", os.devnull, "it's $HOME"])
@pytest.mark.parametrize("undo", ["", "1"])
def test_a_blog_that_is_no_folder_is_refused_before_anything_is_laid(make, blog, undo):
    done = make("embed", f"BLOG={blog}", f"UNDO={undo}")
    assert done.returncode and "bootstrap" not in done.stderr.replace("[Makefile", "")
    assert done.stderr.splitlines()[0].startswith("error: BLOG is the folder of a Jekyll site")


@pytest.mark.parametrize("given", [[], ["PAPER=ddim"], ["TITLE=It's $x"]])
def test_a_paper_without_name_or_title_is_refused_before_anything_is_laid(make, given):
    assert make("new", *given).stderr.startswith("error: both are needed")


def test_a_blog_in_the_home_is_found(make, tmp_path):
    (tmp_path / "blog").mkdir()
    assert "bootstrap.py" in make("embed", "BLOG=~/blog", HOME=str(tmp_path)).stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_node_takes_scripts_of_jupyterlab_for_what_they_are(bootstrap, monkeypatch):
    shutil.copy(ROOT / "package.json", bootstrap.ROOT)
    script = bootstrap.LAB / "lib" / "yarn.js"

    def install(*_: object) -> None:
        script.parent.mkdir(parents=True)
        script.write_text("console.log(require('util').format('%s', 'common'))")

    monkeypatch.setattr(bootstrap, "make_venv", lambda _: None)
    monkeypatch.setattr(bootstrap, "pip_install", install)
    bootstrap.lab()
    assert subprocess.run(["node", script], capture_output=True, text=True).stdout == "common\n"


def test_bundler_lays_the_jekyll_of_this_site_though_another_project_is_set(bootstrap, monkeypatch):
    bundle = bootstrap.ROOT / "bin/bundle"
    program(bundle, 'mkdir -p "$BUNDLE_PATH" && echo "$BUNDLE_GEMFILE" > "$BUNDLE_PATH/gemfile"')
    monkeypatch.setenv("PATH", str(bundle.parent), prepend=os.pathsep)
    monkeypatch.setenv("BUNDLE_GEMFILE", "/elsewhere/Gemfile")
    for name in ("has_jekyll", "has_apt"):
        monkeypatch.setattr(bootstrap, name, lambda: False)
    bootstrap.jekyll()
    assert (bootstrap.BUNDLE / "gemfile").read_text() == f"{bootstrap.ROOT}/Gemfile\n"


def test_a_target_that_does_not_exist_is_refused():
    done = subprocess.run([sys.executable, SCRIPT, "moon"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "usage: python3 bootstrap.py notebooks|site|test|lab|bench|bench-build|bench-page\n"


def test_a_second_run_says_nothing_and_starts_no_program():
    if not (ROOT / ".venv" / "bootstrap" / "python").exists():
        pytest.skip("this environment was not laid by bootstrap.py")
    ends = (
        "lambda name, given: name in ('subprocess.Popen', 'shutil.rmtree') or name == 'open' and 'w' in str(given[1])"
    )
    done = pretending(f"ends = {ends}; sys.addaudithook(lambda *told: ends(*told) and sys.exit(f'{{told}}'))", "test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
