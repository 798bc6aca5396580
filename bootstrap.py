"""Lays what the notes need, and says what it does: `python3 bootstrap.py site`, or whatever else `TARGETS` has.

Standard library alone. Every step leaves a stamp of what it was laid from (lock files, interpreter, place),
so that a second run finds everything in place and returns at once, and an interrupted step is done again.
"""

import hashlib
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

VERSION = ".".join(map(str, sys.version_info[:3]))
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit(f"bootstrap: a Python from 3.11 to 3.14 is needed, this is {VERSION}: try `make PYTHON=python3.11`")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LAB = ROOT / ".venv-lab"
BUNDLE = ROOT / "vendor" / "bundle"
PEERS = ROOT / "vendor" / "peers"
BOOKS = ROOT / "vendor" / "books"
STAMPS = VENV / "bootstrap"
UNFINISHED = "unfinished"
CHROMIUM = Path("/usr/bin/chromium")
JEKYLL_GEMS = ("jekyll", "jekyll-feed", "jekyll-seo-tag", "jekyll-sitemap")
LIBRARY = re.compile(r"([^\s/:]+\.so[^\s/:]*): cannot open shared object file")
NO_FONT = "Chromium draws no letters, since there is no font"
DRAWING = f"""
import os, pathlib, sys
from playwright.sync_api import sync_playwright

own = sys.argv[1] if pathlib.Path(sys.argv[1]).exists() else None
sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
with sync_playwright() as playwright:
    page = playwright.chromium.launch(executable_path=own, args=sandbox).new_page()
    blank = page.screenshot()
    page.set_content("letters")
    drawn = page.screenshot() != blank
sys.exit(None if drawn else {NO_FONT!r})
"""
INSTALL_DEPS = "`.venv/bin/playwright install-deps chromium`, as root, installs what Chromium needs"
SIZES = """bootstrap: Most of what comes now is PyTorch. Linux gets it for CUDA by default:
bootstrap: about 3 GB to download, 5.7 GB on disk. PyTorch for the CPU does for
bootstrap: everything here, with 0.4 GB and 1.9 GB. To take it, stop and run
    PIP_FIND_LINKS=https://download.pytorch.org/whl/cpu/torch/ make"""


class StepError(Exception):
    """A step that could not be done, said in one sentence."""


# --- platforms


def refusal(system: str, machine: str, macos: str, libc: tuple[str, str]) -> str | None:
    """Why the locked packages do not serve a platform; None where each of them has a wheel for it."""
    if system == "linux":
        here = f"Linux on {machine} with {' '.join(libc).strip() or 'a C library other than glibc'}"
        served = machine in ("x86_64", "aarch64") and libc[0] == "glibc" and numbers(libc[1]) >= [2, 28]
    elif system == "darwin":
        here = f"macOS {macos or 'of no known version'} on {machine}"
        served = machine == "arm64" and numbers(macos) >= [14]
    else:
        here, served = "Windows (WSL would do)" if system == "win32" else system, False
    wanted = "Linux with glibc 2.28 or newer, on x86-64 or aarch64, or macOS 14 or newer, on arm64"
    return None if served else f"{wanted}, is needed for the locked packages; this is {here}"


def numbers(version: str) -> list[int]:
    """A version as numbers, which compare as versions do."""
    return [int(part) for part in re.findall(r"\d+", version)]


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
    """Run a command quietly, say what it is for and how long it took; where it fails, say why."""
    print(f"bootstrap: {says} … ", end="", flush=True)
    start = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    output = output_of(process)
    if process.returncode:
        print("failed", flush=True)
        missing = what_is_missing(output)
        if missing is None:
            print("\n".join(output.splitlines()[-20:]), file=sys.stderr)
            missing = f"{says} failed; the last lines of `{Path(str(command[0])).name}` are above"
        raise StepError(missing)
    print(f"{time.monotonic() - start:.1f} s", flush=True)


def output_of(process: subprocess.Popen[str]) -> str:
    """What a process prints until it ends; meanwhile, in a terminal, its seconds are counted."""
    for seconds in itertools.count(1):
        try:
            return process.communicate(timeout=1)[0]
        except subprocess.TimeoutExpired:
            if sys.stdout.isatty():
                print(f"{seconds} s", end="\b" * len(f"{seconds} s"), flush=True)
        except KeyboardInterrupt:
            process.kill()
            raise


def what_is_missing(output: str) -> str | None:
    """What a program misses of the machine, and what would install it, if it says so."""
    library = LIBRARY.search(output)
    if library:
        atomic = "install it (`apt install libatomic1`) and try again"
        return f"{library[1]} is missing: {atomic if library[1] == 'libatomic.so.1' else INSTALL_DEPS}"
    if NO_FONT in output:
        return f"{NO_FONT}: install one (`apt install fonts-dejavu-core`) and try again"
    return None


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


@cache
def apt_update() -> None:
    """Once a run, and only where something is to be installed."""
    run("reading Debian's package lists", "apt-get", "update", "-q")


def apt_install(says: str, *packages: str) -> None:
    """Install Debian packages without what they merely recommend."""
    apt_update()
    command = "apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300"
    run(says, *command.split(), *packages, DEBIAN_FRONTEND="noninteractive")


# --- Python


def pip_install(says: str, venv: Path, *arguments: object) -> None:
    """Install with an environment's own pip, from whatever index the user's pip is set to."""
    command = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input"]
    run(says, *command, *arguments, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")


def interpreter(venv: Path) -> str:
    """What an environment is bound to: Python's version, the interpreter it came from, and its own place."""
    python = venv / "bin" / "python"
    return f"{sys.version_info[:2]} {os.path.realpath(python if python.exists() else sys.executable)} {venv}"


def is_sound(venv: Path) -> bool:
    """Whether an environment was made here, by this version of Python, and has pip."""
    python, configuration = venv / "bin" / "python", venv / "pyvenv.cfg"
    same_version = f"import pip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    made_here = configuration.exists() and f"{venv}\n" in configuration.read_text(encoding="utf-8")
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


def lay_venv(name: str, venv: Path, parts: list[object], install: Callable[[], None]) -> None:
    """Lay an environment and what it holds; what an interrupted run left is removed first."""

    def fresh() -> None:
        make_venv(venv)
        begin(name)
        install()

    if stamped(STAMPS / name) == UNFINISHED:
        shutil.rmtree(venv, ignore_errors=True)
    lay(name, venv / "bin" / "python", lambda: digest(*parts, interpreter(venv)), fresh)


def python_packages() -> None:
    """The project's environment, from the lock file of exact versions."""
    lock = ROOT / "requirements" / "main.lock"

    def install() -> None:
        if sys.platform == "linux" and "PIP_FIND_LINKS" not in os.environ:
            print(SIZES, flush=True)
        pip_install(f"installing {len(lock.read_text().split())} Python packages (minutes)", VENV, "-r", lock)
        pip_install("installing this project, editable", VENV, "--no-deps", "--no-build-isolation", "--editable", ROOT)
        # Where notebooks will look for them: the first would say, on its page, that it has to wait for that.
        fonts = {"MPLCONFIGDIR": str(VENV / "cache" / "matplotlib")}
        run("listing this machine's fonts", VENV / "bin" / "python", "-c", "import matplotlib.font_manager", **fonts)

    lay_venv("python", VENV, [lock, ROOT / "pyproject.toml"], install)


def lab() -> None:
    """JupyterLab in its own environment; Markdown files open as notebooks in a kernel that sees edits of packages."""
    lock = ROOT / "requirements" / "lab.lock"
    reloading = ["--ext=autoreload", "--IPKernelApp.exec_lines=%autoreload 2"]
    command = [str(VENV / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}", *reloading]
    written = {
        "share/jupyter/kernels/python3/kernel.json": {
            "argv": command,
            "display_name": "Python 3",
            "language": "python",
            "metadata": {"debugger": True},
        },
        "share/jupyter/lab/settings/overrides.json": {
            "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Jupytext Notebook"}},
            "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
        },
        "package.json": {},  # or Node.js takes the scripts in here for modules, as the repository's package.json says
    }

    def install() -> None:
        pip_install("installing JupyterLab", LAB, "-r", lock)
        for name, content in written.items():
            (LAB / name).parent.mkdir(parents=True, exist_ok=True)
            (LAB / name).write_text(json.dumps(content, indent=1))

    lay_venv("lab", LAB, [lock, json.dumps(written)], install)


def peers() -> None:
    """What the benchmarks alone need, in a folder of its own; its other dependencies are for training on files."""
    lock = ROOT / "requirements" / "bench.lock"

    def install() -> None:
        shutil.rmtree(PEERS, ignore_errors=True)
        pip_install("installing denoising-diffusion-pytorch", VENV, "--no-deps", "--target", PEERS, "-r", lock)

    lay("peers", PEERS, lambda: digest(lock, interpreter(VENV)), install)


def books() -> None:
    """Another press that the build is timed beside, in an environment of its own."""
    lock = ROOT / "requirements" / "books.lock"
    lay_venv("books", BOOKS, [lock], lambda: pip_install("installing Jupyter Book", BOOKS, "-r", lock))


# --- Node


def node_packages() -> None:
    """MathJax by npm, with Node.js itself from pip where the machine has none that is new enough, or no npm."""
    lock = ROOT / "package-lock.json"
    wheel_lock = ROOT / "requirements" / "node.lock"
    own = VENV / "bin" / "node"

    def node() -> Path:
        return own if own.exists() else Path(shutil.which("node") or own)

    def install() -> None:
        is_new_enough = works(node(), "-e", "process.exit(+(process.versions.node.split('.')[0] < 18))")
        if own.exists() or not is_new_enough or shutil.which("npm") is None:
            pip_install("installing Node.js as a Python package", VENV, "-r", wheel_lock)
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        run("installing MathJax", shutil.which("npm", path=path), "ci", "--no-audit", "--no-fund", PATH=path)

    lay("node", ROOT / "node_modules", lambda: digest(lock, wheel_lock, str(node())), install)


def beside(name: str, says: str) -> None:
    """What a benchmark alone needs, in a folder of its own, by the npm that `node_packages` found."""
    wanted = [ROOT / "benchmarks" / name / file for file in ("package.json", "package-lock.json")]
    folder = ROOT / "vendor" / name

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in wanted:
            shutil.copy(path, folder)
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        npm = shutil.which("npm", path=path)
        run(f"installing {says}", npm, "ci", "--prefix", folder, "--no-audit", "--no-fund", PATH=path)

    lay(name, folder / "node_modules", lambda: digest(*wanted), install)


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
            of_this_site = {"BUNDLE_PATH": str(BUNDLE), "BUNDLE_GEMFILE": str(ROOT / "Gemfile")}
            run("installing Jekyll with Bundler", "bundle", "install", **of_this_site)
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
    """Debian's Chromium where it can be had, else Playwright's own; with the libraries and the font that it needs.

    A letter is drawn, since without a font all goes well but for pages that are blank.
    """
    playwright = VENV / "bin" / "playwright"
    drawing = [VENV / "bin" / "python", "-c", DRAWING, CHROMIUM]

    def install() -> None:
        if works(*drawing):
            return
        if has_apt():
            apt_install("installing Chromium", "chromium", "libatomic1", "fonts-dejavu-core")
        elif not CHROMIUM.exists():
            run("installing Playwright's Chromium", playwright, "install", "chromium")
        run("drawing a letter in Chromium", *drawing)

    product = CHROMIUM if CHROMIUM.exists() else playwright
    lay("chromium", product, lambda: digest(ROOT / "requirements" / "main.lock", CHROMIUM.exists()), install)


TARGETS = {
    "notebooks": (python_packages,),
    "site": (python_packages, node_packages, jekyll),
    "test": (python_packages, node_packages, jekyll, minima, chromium, lab),
    "lab": (python_packages, lab),
    "bench": (python_packages, peers),
    "bench-build": (python_packages, node_packages, jekyll, books, partial(beside, "myst", "MyST")),
    "bench-page": (python_packages, node_packages, jekyll, chromium, partial(beside, "lighthouse", "Lighthouse")),
}


def take(steps: tuple[Callable[[], None], ...]) -> None:
    """Take the steps of one target; two at once would lay the same folder twice."""
    import fcntl  # which Windows does not have

    may_write = os.access(__file__, os.W_OK)  # over NFS a file is locked by those alone who may write to it
    with Path(__file__).open("r+" if may_write else "r") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for step in steps:
            step()


def stand_outside() -> None:
    """Go on by the Python from which `.venv` was made, if that in it was called: it could not lay itself anew."""
    if Path(sys.prefix) in (VENV, LAB):
        outside = str(getattr(sys, "_base_executable", ""))
        os.execv(outside, [outside, *sys.argv])


def main(arguments: list[str]) -> int:
    """Take the steps of one target, where the platform is served."""
    sys.stdout.reconfigure(errors="replace")  # not every terminal knows every letter
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        print(f"usage: python3 bootstrap.py {'|'.join(TARGETS)}", file=sys.stderr)
        return 2
    machine = platform.machine() if sys.maxsize > 2**32 else f"{platform.machine()}, in 32 bits,"
    try:
        why_not = refusal(sys.platform, machine, platform.mac_ver()[0], platform.libc_ver())
        if why_not:
            raise StepError(why_not)
        take(TARGETS[arguments[0]])
    except StepError as failure:
        print(f"bootstrap: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbootstrap: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    stand_outside()
    sys.exit(main(sys.argv[1:]))
