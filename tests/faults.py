"""`make faults`: the build is killed, starved and damaged; the next one is whole, or says in one line what is wrong.

On small repositories with the real Jupyter, MathJax and Jekyll, and at the end on this one. What an undisturbed build
makes is known from another folder, so that every comparison also shows that a build can be repeated byte for byte.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import psutil
import pytest

from publishing import paths

from .conftest import PATIENCE, eventually
from .publishing.small_site import GENERATED, MADE, Commands, figure

KILLS = 100
SERVED_KILLS = 12
VICTIMS = {  # the word that their commands hold; of the build alone none is asked for
    "the build": None,
    "all of it": "",
    "a kernel": "publishing.execute.recorder",
    "Node": "typeset.mjs",
    "Jekyll": "jekyll",
}
EVERYTHING = ("build/executed", "_site")
REMEMBERED = ("cache", "memory", "typeset")
AS_ROOT = () if os.geteuid() == 0 else ("--map-root-user",)  # root in a chroot may make no user namespace
OFFLINE = ("unshare", *AS_ROOT, "--mount", "--net")
DATA_SETS = "/usr/share/datasets"
STEMS = ("01-figure", "02-data", "03-more")
STUDIES = "studies:\n  - title: Costs\n    pages: [cost]\n"
FIGURE = f"from net import scaled\n{figure('scaled(1)')}\nclaim('It rises', scaled(1), '>', 0, of='eq-1')"
DATA = "import json\nprint(json.load(open('../../experiments/data.json')))"


def lay(folder: Path) -> Commands:
    """A repository in its first version, with a folder of temporary files of its own."""
    commands = Commands.lay(folder / "notes")
    commands.write("requirements/main.lock", "numpy==2\n")
    commands.claims()
    commands.environment["TMPDIR"] = str(folder / "t")
    (folder / "t").mkdir()
    edit(commands, 0)
    return commands


def edit(commands: Commands, version: int) -> None:
    """Bring every kind of source to one of two versions: package, data, code, prose, formula, post."""
    commands.write("net.py", f"def scaled(x):\n    return {version + 2} * x\n")
    commands.write("experiments/data.json", f"[{version}]")
    commands.notebook("01-figure", f"# 1. Figure {version}\n\n$$\nx = {version} \\tag{{1}}\n$$", FIGURE)
    words(commands, version)
    commands.notebook("03-more", "# 3. More", f"print({version})", "print('more')")
    commands.notebook(
        "studies/cost", f"# What does it cost?\n\nIt costs $c_{version}$ by Eq. (1).", f"print({version})"
    )
    commands.post(*STEMS, front=STUDIES)


def words(commands: Commands, version: int) -> None:
    """Prose and a formula alone."""
    text = f"# 2. Data\n\nVersion {version}, $y_{{{version}}}$, [Eq. (1)](#eq-1)."
    commands.notebook("02-data", text, DATA)


SERVED = {"--standby": words, "publishing.execute.recorder": edit, "typeset.mjs": words}  # victims, and what is edited


def assert_whole(commands: Commands, expected: dict[str, bytes], what: object = "") -> None:
    """The next build makes what an undisturbed one makes."""
    commands.succeed("site")
    assert made(commands) == expected, what


def made(commands: Commands) -> dict[str, bytes]:
    return commands.outputs(*MADE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[dict[str, bytes]]:
    """What undisturbed builds of the two versions make."""
    found = []
    commands = lay(tmp_path_factory.mktemp("whole"))
    for version in (0, 1):
        edit(commands, version)
        commands.succeed("site")
        found.append(made(commands))
    named = [{name for name in files if "/pagefind/" not in name} for files in found]  # its names tell what it holds
    assert named[0] == named[1] and found[0] != found[1]
    assert {"_site/toy/index.html", "_site/toy/cost/index.html", "assets/images/toy-line.png"} <= found[0].keys()
    return found


@pytest.fixture
def commands(tmp_path) -> Commands:
    return lay(tmp_path)


# killed


def test_killed_at_random_moments(commands, whole, tmp_path):
    """SIGKILL to the build alone, whose kernels and Jekyll live on, to all of its processes, or to one kind of them."""
    moments, stages = random.Random(20201216), Counter()
    began = time.monotonic()
    commands.succeed("site")
    duration = time.monotonic() - began
    for life, victim in enumerate(islice(cycle(VICTIMS), KILLS), 1):
        version = life % 2
        while True:
            edit(commands, version)
            if moments.random() < 0.5:
                shutil.rmtree(commands.root / "build", ignore_errors=True)
            if stage := killed(commands, moments.uniform(0, duration), victim, tmp_path / "log"):
                break
            edit(commands, 1 - version)  # it was done before the moment came: once more from the other version
            commands.succeed("site")
        stages[stage] += 1
        assert_whole(commands, whole[version], f"kill {life}, of {victim}, {stage}")
    assert leftovers(commands) == []
    print(f"killed {KILLS} times; it had said, or said then:")
    print(*(f"    {n}  {stage}" for stage, n in stages.most_common()), sep="\n")


def killed(commands: Commands, moment: float, victim: str, log: Path) -> str | None:
    """Kill at a moment of a build's life, or as soon as the victim is there; None if it was done before.

    Returns what had been said last, or what a build says that survives its victim: one line, if it fails at all.
    """
    with log.open("w") as out:
        process = commands.start("site", stdout=out, stderr=out, start_new_session=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        while not (hit := victims(commands, process, victim)):
            if process.poll() is not None:
                return None
            time.sleep(0.01)
        for pid in hit:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE)
    said = log.read_text().splitlines() or ["nothing"]
    assert process.returncode <= 0 or said[-1].startswith("error: ") and "Traceback" not in "".join(said), said
    return said[-1] if process.returncode > 0 else " ".join(said[-1].split()[:2])


def victims(commands: Commands, build: subprocess.Popen, victim: str) -> list[int]:
    """Those of them that are there."""
    if build.poll() is not None:
        return []
    word = VICTIMS[victim]
    return [build.pid] if word is None else processes(commands.root, word)


def test_make_serve_goes_on_when_its_builds_are_killed(commands, whole):
    """Those that stand ready and those that run, in the midst of patching pages too, and what they started."""
    moments, hits = random.Random(7), Counter()
    log = commands.root.with_name("log")
    with log.open("w") as out:
        server = commands.start("serve", "--port", "0", stdout=out, stderr=out)
    page = commands.root / "_site/toy/index.html"
    eventually(page.is_file, "the first build")
    for life, victim in enumerate(islice(cycle(SERVED), SERVED_KILLS)):
        SERVED[victim](commands, 2 * life)
        time.sleep(moments.uniform(0, 2))
        for pid in soon(lambda: processes(commands.root, victim)):  # noqa: B023
            hits[victim] += 1
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        words(commands, 2 * life + 1)
        eventually(lambda: page.is_file() and f"Version {2 * life + 1}, " in page.read_text(), f"edit {life}, {victim}")  # noqa: B023
    server.kill()
    server.wait()
    assert leftovers(commands) == [] and "Traceback" not in log.read_text()
    edit(commands, 1)
    assert_whole(commands, whole[1])
    print(f"killed under make serve: {dict(hits)}")


def soon(find: Callable[[], list[int]]) -> list[int]:
    """What is found within some seconds."""
    deadline = time.monotonic() + 5
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def leftovers(commands: Commands) -> list[str]:
    """Processes that still work in the repository, and files that no build should leave behind."""
    deadline = time.monotonic() + 20
    while (alive := processes(commands.root)) and time.monotonic() < deadline:
        time.sleep(0.2)
    half = [path for path in commands.root.rglob(".*") if path.name.startswith(".writing")]
    work = (commands.root / "build").glob("jekyll*")
    return [str(one) for one in (*alive, *half, *work)]


def processes(root: Path, named: str = "") -> list[int]:
    """Processes whose folder lies in the repository and whose command holds this word."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):  # it ended meanwhile
            if Path(one.cwd()).is_relative_to(root) and named in " ".join(one.cmdline()):
                found.append(one.pid)
    return found


def test_a_jekyll_that_outlives_its_build_is_waited_for(commands, whole, tmp_path):
    """Else it would write into the folder of the next one."""
    slow = tmp_path / "bin/ruby"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 2\nexec {shutil.which("ruby")} "$@"\n')
    slow.chmod(0o755)
    commands.environment["PATH"] = f"{slow.parent}{os.pathsep}{commands.environment['PATH']}"
    process = commands.start("site")
    eventually(lambda: processes(commands.root, "bin/ruby"), "Jekyll")
    process.kill()
    process.wait()
    assert commands.succeed("site").startswith("another build is running here; waiting")
    assert made(commands) == whole[0]


def test_a_kernel_that_exhausts_its_memory(commands, whole):
    commands.notebook("03-more", "# 3. More", "whole = bytearray(1 << 40)", "print('more')")
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30));"
    status, _, error = commands.run("site", code=f"{limited} from publishing.__main__ import main; sys.exit(main())")
    assert status == 1 and error.startswith("error: toy/03-more, cell 2: MemoryError: "), error
    assert error.count("\n") == 1
    edit(commands, 0)
    assert_whole(commands, whole[0])


# starved


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk(small_disk, whole):
    commands, told = lay(small_disk), []
    for room in (0, 8_000, 50_000, 150_000, 300_000, 600_000, 1_200_000):
        for folder in GENERATED:
            shutil.rmtree(commands.root / folder, ignore_errors=True)
        (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
        status, out, error = commands.run("site")
        if status:
            *before, last = error.splitlines()  # a kernel that could not even start has its own say before
            assert last.startswith("error: ") and not any("__main__.py" in line for line in before), error
            told.append(f"{room // 1000} kB: {last[7:]}")
        (small_disk / "filler").unlink()
        assert_whole(commands, whole[0], room)
    assert told
    print("with so much room left it said", *told, sep="\n    ")


# damaged


def test_damaged_files(commands, whole):
    """Anything that is generated, cut or with one bit wrong, is made again or was not needed."""
    commands.succeed("site")
    choice, files = random.Random(7), generated_files(commands)
    remembered = [path for path in files if set(path.relative_to(commands.root).parts) & set(REMEMBERED)]
    hurt = remembered + choice.sample([path for path in files if path not in remembered], 15)
    for path in hurt:
        damage(path, choice)
        if path in remembered:
            shutil.rmtree(commands.root / "build/stamps")  # what is remembered is asked for only if there is work
        assert_whole(commands, whole[0], path.relative_to(commands.root))
    print(f"{len(hurt)} of {len(files)} generated files damaged, one after the other")


def test_damaged_stamps(commands, whole):
    """Of the site, of a paper's notebooks, and of each of them."""
    commands.succeed("site")
    stamps = [path for path in generated_files(commands) if path.is_relative_to(commands.root / "build/stamps")]
    assert {path.name for path in stamps} >= {"site.json", "notebooks-toy.json", "01-figure.json", "cost.json"}
    for path in stamps:
        damage(path, random.Random(path.name))
    assert_whole(commands, whole[0])


BUILT = ("", "/cache", "/failed", "/failed/toy", "/jekyll", "/memory", "/stamps", "/stamps/toy", "/typeset")
SHOWN = ("_site", "_site/toy", "_studies", "_includes/sections", "assets/images", "assets/notebooks")


@pytest.mark.parametrize("place", [*(f"build{name}" for name in BUILT), *SHOWN])
def test_a_folder_where_a_file_belongs_and_a_file_where_a_folder_does(commands, whole, place):
    commands.succeed("site")
    folder = commands.root / place
    files = [path for path in generated_files(commands) if path.parent == folder] or [folder / "01-figure.ipynb"]
    for path in files:
        path.unlink(missing_ok=True)
        commands.write(f"{path}/inner/file", "in the way")
    edit(commands, 1)
    assert_whole(commands, whole[1])
    shutil.rmtree(folder, ignore_errors=True)
    commands.write(place, "no folder")
    edit(commands, 0)
    assert_whole(commands, whole[0])


def generated_files(commands: Commands) -> list[Path]:
    found = (path for path in commands.root.rglob("*") if generated(path.relative_to(commands.root)))
    return sorted(path for path in found if path.is_file() and path.stat().st_size)


def generated(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in GENERATED)


def damage(path: Path, choice: random.Random) -> None:
    data = path.read_bytes()
    where = choice.randrange(len(data) // 2, len(data))
    flipped = data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]
    path.write_bytes(choice.choice([b"", data[:where], flipped]))


def test_a_damaged_checkpoint(commands):
    """The package's own reader tells, and the notebook that opened it is named."""
    shutil.copytree(
        paths.ROOT / "ddpm_notes", commands.root / "ddpm_notes", ignore=shutil.ignore_patterns("__pycache__")
    )
    checkpoint = commands.root / "experiments/digits.safetensors"
    shutil.copy(paths.ROOT / "experiments/checkpoints/digits.safetensors", checkpoint)
    load = "from ddpm_notes.checkpoints import load_checkpoint\nfrom publishing.paths import ROOT\n"
    show = "print(sum(p.sum() for p in load_checkpoint(ROOT / 'experiments/digits.safetensors').model.parameters()))"
    commands.notebook("03-more", "# 3. More", load + show)
    commands.succeed("site")
    good, before = checkpoint.read_bytes(), made(commands)
    for bad in (b"", good[: len(good) // 2], good[:-1], b"\xff" + good[1:], None):
        checkpoint.unlink() if bad is None else checkpoint.write_bytes(bad)
        told = commands.fail("site")
        assert told.startswith("toy/03-more, cell 2: ValueError: ") and "digits.safetensors" in told
        checkpoint.write_bytes(good)
        commands.succeed("site")
        assert made(commands) == before


# two at once, and without a network


def test_two_builds_at_once(commands, whole):
    for version in (0, 1, 0):
        edit(commands, version)
        both = [commands.start("site") for _ in range(2)]
        said = [process.communicate(timeout=240) for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert sorted(out.startswith("another build is running here; waiting") for out, _ in said) == [False, True]
        assert made(commands) == whole[version]


@pytest.fixture
def offline() -> tuple[str, ...]:
    if subprocess.run([*OFFLINE, "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no network namespace")
    return OFFLINE


def test_make_needs_no_network_once_all_is_laid(offline):
    done = subprocess.run([*offline, "make"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "bootstrap:" not in done.stdout and "the post: _site/" in done.stdout


def test_a_clean_build_of_this_repository_elsewhere_is_the_same(tmp_path, offline):
    """In another folder, time zone and language, without network, data sets of the machine, and a home: minutes."""
    copy = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "-q", paths.ROOT, copy], check=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (copy / name).unlink(missing_ok=True)
        if (paths.ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, copy / name)
    (copy / "node_modules").symlink_to(paths.ROOT / "node_modules")
    (tmp_path / "home").mkdir()
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "HOME": str(tmp_path / "home")}
    hide = f"if [ -d {DATA_SETS} ]; then mount -t tmpfs none {DATA_SETS}; fi"
    build = f'{hide}; exec "{paths.ROOT}/.venv/bin/python" -m publishing site'
    environment = elsewhere | {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy), "BASEURL": ""}
    subprocess.run([*offline, "sh", "-c", build], cwd=copy, env=environment, check=True)
    assert Commands(copy).outputs(*EVERYTHING) == Commands(paths.ROOT).outputs(*EVERYTHING)
