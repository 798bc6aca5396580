"""Lays what the notes need, and says what it does: `python3 bootstrap.py notebooks|site|test|lab|bench|bench-page`.

Standard library alone. Every step leaves a stamp of what it was laid from (lock files, interpreter, place),
so that a second run finds everything in place and returns at once, and an interrupted step is done again.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

VERSION = ".".join(map(str, sys.version_info[:3]))
if sys.version_info < (3, 11):
    sys.exit(f"bootstrap: Python 3.11 or newer is needed, this is {VERSION}: try `make PYTHON=python3.11`")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LAB = ROOT / ".venv-lab"
BUNDLE = ROOT / "vendor" / "bundle"
PEERS = ROOT / "vendor" / "peers"
LIGHTHOUSE = ROOT / "vendor" / "lighthouse"
STAMPS = VENV / "bootstrap"
UNFINISHED = "unfinished"
CHROMIUM = Path("/usr/bin/chromium")
JEKYLL_GEMS = ("jekyll", "jekyll-feed", "jekyll-seo-tag", "jekyll-sitemap")


class StepError(Exception):
    """A step that could not be done, said in one sentence."""


# --- steps and stamps


def digest(*parts: object) -> str:
    """One hash of files (by content) and of whatever else decides what a step lays."""
    content = hashlib.sha256()
    for part in parts:
        content.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        content.update(b"\0")
    return content.hexdigest()


def stamped(stamp: Path) -> str | None:
    """What a stamp says, if there is one."""
    return stamp.read_text() if stamp.exists() else None


def lay(name: str, product: Path, key: Callable[[], str], install: Callable[[], None]) -> None:
    """Run `install` unless `product` is there and was laid from the same `key`.

    The stamp gets the key as it is afterwards, since a step may lay what the next run finds (a Node.js of our own).
    """
    if product.exists() and stamped(STAMPS / name) == key():
        return
    begin(name)
    install()
    (STAMPS / name).write_text(key())


def begin(name: str) -> None:
    """Note that a step is under way, so that an interrupted one is known."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(UNFINISHED)


def run(says: str, *command: object, **env: str) -> None:
    """Run a command quietly, say what it is for and how long it took; where it fails, show its last lines."""
    print(f"bootstrap: {says} … ", end="", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        print("failed", flush=True)
        print("\n".join(done.stdout.splitlines()[-20:]), file=sys.stderr)
        raise StepError(f"{says} failed; the last lines of `{Path(str(command[0])).name}` are above")
    print(f"{time.monotonic() - start:.1f} s", flush=True)


def works(*command: object) -> bool:
    """Whether a command is there and succeeds."""
    try:
        return subprocess.run([str(part) for part in command], capture_output=True).returncode == 0
    except OSError:
        return False


# --- Debian's packages


def has_apt() -> bool:
    """Whether this machine lets us install Debian's packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@functools.cache
def apt_update() -> None:
    """Once a run, and only where something is to be installed."""
    run("reading Debian's package lists", "apt-get", "update", "-q")


def apt_install(says: str, *packages: str) -> None:
    """Install Debian packages without what they merely recommend."""
    apt_update()
    run(
        says,
        "apt-get",
        "install",
        "-qy",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=300",
        *packages,
        DEBIAN_FRONTEND="noninteractive",
    )


# --- Python


def pip_install(says: str, venv: Path, *arguments: object) -> None:
    """Install with an environment's own pip, from whatever index the user's pip is set to."""
    run(
        says,
        venv / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        *arguments,
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_ROOT_USER_ACTION="ignore",
    )


def interpreter(venv: Path) -> str:
    """What an environment is bound to: Python's version, the interpreter it came from, and its own place."""
    python = venv / "bin" / "python"
    return f"{sys.version_info[:2]} {os.path.realpath(python if python.exists() else sys.executable)} {venv}"


def is_sound(venv: Path) -> bool:
    """Whether an environment was made here, by this version of Python, and has pip."""
    python, configuration = venv / "bin" / "python", venv / "pyvenv.cfg"
    same_version = f"import pip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    made_here = configuration.exists() and f"{venv}\n" in configuration.read_text()
    return made_here and works(python, "-c", same_version)


def make_venv(venv: Path) -> None:
    """A fresh environment, unless there is one that is sound."""
    if is_sound(venv):
        return
    if not works(sys.executable, "-c", "import ensurepip"):
        if not has_apt():
            raise StepError("Python's `venv` is missing: install it (`apt install python3-venv`) and try again")
        apt_install("installing python3-venv", "python3-venv")
    run(f"making {venv.name} with Python {VERSION}", sys.executable, "-m", "venv", "--clear", venv)


def python_packages() -> None:
    """The project's environment, from the lock file of exact versions."""
    lock = ROOT / "requirements" / "main.lock"

    def install() -> None:
        make_venv(VENV)
        begin("python")
        count = len(lock.read_text().split())
        pip_install(f"installing {count} Python packages (PyTorch is large: minutes)", VENV, "-r", lock)
        pip_install("installing this project, editable", VENV, "--no-deps", "--no-build-isolation", "--editable", ROOT)

    if stamped(STAMPS / "python") == UNFINISHED:
        shutil.rmtree(VENV)

    def key() -> str:
        return digest(lock, ROOT / "pyproject.toml", interpreter(VENV))

    lay("python", VENV / "bin" / "python", key, install)


def lab() -> None:
    """JupyterLab in its own environment; Markdown files open as notebooks in a kernel that sees edits of packages."""
    lock = ROOT / "requirements" / "lab.lock"
    kernel = LAB / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    settings = LAB / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    reloading = ["--ext=autoreload", "--IPKernelApp.exec_lines=%autoreload 2"]
    command = [str(VENV / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}", *reloading]
    viewers = {"defaultViewers": {"markdown": "Jupytext Notebook"}}
    written = {
        kernel: {"argv": command, "display_name": "Python 3", "language": "python", "metadata": {"debugger": True}},
        settings: {
            "@jupyterlab/docmanager-extension:plugin": viewers,
            "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
        },
    }

    def install() -> None:
        make_venv(LAB)
        pip_install("installing JupyterLab", LAB, "-r", lock)
        for path, content in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=1))

    if stamped(STAMPS / "lab") == UNFINISHED:
        shutil.rmtree(LAB, ignore_errors=True)
    lay("lab", settings, lambda: digest(lock, json.dumps([*written.values()]), interpreter(LAB)), install)


def peers() -> None:
    """What the benchmarks alone need, in a folder of its own; its other dependencies are for training on files."""
    lock = ROOT / "requirements" / "bench.lock"

    def install() -> None:
        shutil.rmtree(PEERS, ignore_errors=True)
        pip_install("installing denoising-diffusion-pytorch", VENV, "--no-deps", "--target", PEERS, "-r", lock)

    lay("peers", PEERS, lambda: digest(lock, interpreter(VENV)), install)


# --- Node


def node_is_new_enough(node: Path) -> bool:
    """Whether this Node.js runs and is version 18 or newer."""
    return works(node, "-e", "process.exit(+(process.versions.node.split('.')[0] < 18))")


def node_packages() -> None:
    """MathJax by npm, with Node.js itself from pip where the machine has none that is new enough, or no npm."""
    lock = ROOT / "package-lock.json"
    wheel_lock = ROOT / "requirements" / "node.lock"
    own = VENV / "bin" / "node"

    def node() -> Path:
        return own if own.exists() else Path(shutil.which("node") or own)

    def install() -> None:
        if own.exists() or not node_is_new_enough(node()) or shutil.which("npm") is None:
            pip_install("installing Node.js as a Python package", VENV, "-r", wheel_lock)
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        run("installing MathJax", shutil.which("npm", path=path), "ci", "--no-audit", "--no-fund", PATH=path)

    lay("node", ROOT / "node_modules", lambda: digest(lock, wheel_lock, str(node())), install)


def lighthouse() -> None:
    """What measures the page, in a folder of its own, by the npm that `node_packages` found."""
    wanted = [ROOT / "benchmarks" / "lighthouse" / name for name in ("package.json", "package-lock.json")]

    def install() -> None:
        shutil.rmtree(LIGHTHOUSE, ignore_errors=True)
        LIGHTHOUSE.mkdir(parents=True)
        for path in wanted:
            shutil.copy(path, LIGHTHOUSE)
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        npm = shutil.which("npm", path=path)
        run("installing Lighthouse", npm, "ci", "--prefix", LIGHTHOUSE, "--no-audit", "--no-fund", PATH=path)

    lay("lighthouse", LIGHTHOUSE / "node_modules", lambda: digest(*wanted), install)


# --- Jekyll


def has_jekyll() -> bool:
    """Whether Jekyll 4.3 or newer and the site's plugins are there, outside Bundler."""
    required = [f"-r{gem}" for gem in JEKYLL_GEMS]
    new_enough = 'exit Gem::Version.new(Jekyll::VERSION) >= Gem::Version.new("4.3")'
    return shutil.which("jekyll") is not None and works("ruby", *required, "-e", new_enough)


def jekyll() -> None:
    """Jekyll as it is there, else Debian's, else Bundler's."""

    def install() -> None:
        if has_jekyll():
            return
        if has_apt():
            apt_install("installing Jekyll", "jekyll", *(f"ruby-{gem}" for gem in JEKYLL_GEMS[1:]))
        elif shutil.which("bundle"):
            run("installing Jekyll with Bundler", "bundle", "install", BUNDLE_PATH=str(BUNDLE))
        else:
            raise StepError(
                "Jekyll is missing: install it (`apt install jekyll ruby-jekyll-feed ruby-jekyll-seo-tag "
                "ruby-jekyll-sitemap`), or Ruby with Bundler, and try again"
            )

    product = BUNDLE if BUNDLE.exists() else Path(shutil.which("jekyll") or BUNDLE)
    lay("jekyll", product, lambda: digest(ROOT / "Gemfile"), install)


def minima() -> None:
    """Jekyll's stock theme, on which `make embed` is tested; where it cannot be had, those tests are skipped."""

    def install() -> None:
        if has_apt() and not works("ruby", "-e", 'gem "minima"'):
            apt_install("installing Jekyll's stock theme", "jekyll-theme-minima")

    lay("minima", VENV, lambda: "minima", install)


# --- Chromium


def chromium() -> None:
    """Debian's Chromium where it can be had, else Playwright's own."""
    if CHROMIUM.exists():
        return
    if has_apt():
        apt_install("installing Chromium", "chromium")
        return
    playwright = VENV / "bin" / "playwright"
    lay(
        "chromium",
        playwright,
        lambda: digest(ROOT / "requirements" / "main.lock"),
        lambda: run("installing Playwright's Chromium", playwright, "install", "chromium"),
    )


TARGETS = {
    "notebooks": (python_packages,),
    "site": (python_packages, node_packages, jekyll),
    "test": (python_packages, node_packages, jekyll, minima, chromium, lab),
    "lab": (python_packages, lab),
    "bench": (python_packages, peers),
    "bench-page": (python_packages, node_packages, jekyll, chromium, lighthouse),
}


def main(arguments: list[str]) -> int:
    """Take the steps of one target."""
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        print(f"usage: python3 bootstrap.py {'|'.join(TARGETS)}", file=sys.stderr)
        return 2
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would lay the same folder twice
        try:
            for step in TARGETS[arguments[0]]:
                step()
        except StepError as failure:
            print(f"bootstrap: {failure}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nbootstrap: interrupted; the next run goes on from here", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
