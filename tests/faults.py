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
from contextlib import suppress
from pathlib import Path

import pytest

from publishing import paths

from .publishing.small_site import GENERATED, MADE, Commands

KILLS = 30
KERNELS_KILLED = 6
OFFLINE = ("unshare", "--map-root-user", "--net")
STEMS = ("01-figure", "02-data", "03-more")
STUDIES = "studies:\n  - title: Costs\n    pages: [cost]\n"
FIGURE = """\
from matplotlib.figure import Figure
from publishing.cells import claim, diagram
from net import scaled

figure = Figure(figsize=(3, 2))
figure.subplots().plot([0, scaled(1)])
diagram(figure, "line", alt="A rising line.", caption="The line of $x$.")
claim("It rises", scaled(1), ">", 0, of="eq-1")"""
DATA = "import json\nprint(json.load(open('../../experiments/data.json')))"


def lay(folder: Path) -> Commands:
    """A repository in its first version, with a folder of temporary files of its own."""
    commands = Commands.lay(folder / "notes")
    commands.write("requirements/main.lock", "numpy==2\n")
    commands.environment["TMPDIR"] = str(folder / "t")
    (folder / "t").mkdir()
    edit(commands, 0)
    return commands


def edit(commands: Commands, version: int) -> None:
    """Bring every kind of source to one of two versions: package, data, code, prose, formula, post."""
    commands.write("net.py", f"def scaled(x):\n    return {version + 2} * x\n")
    commands.write("experiments/data.json", f"[{version}]")
    commands.notebook("01-figure", f"# 1. Figure {version}\n\n$$\nx = {version} \\tag{{1}}\n$$", FIGURE)
    commands.notebook("02-data", f"# 2. Data\n\nVersion {version}, $y_{version}$, [Eq. (1)](#eq-1).", DATA)
    commands.notebook("03-more", "# 3. More", f"print({version})", "print('more')")
    commands.notebook(
        "studies/cost", f"# What does it cost?\n\nIt costs $c_{version}$ by Eq. (1).", f"print({version})"
    )
    post = commands.post(*STEMS)
    post.write_text(post.read_text().replace("paper: toy\n", f"paper: toy\n{STUDIES}"))


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
    assert found[0].keys() == found[1].keys() and found[0] != found[1]
    assert {"_site/toy/index.html", "_site/toy/cost/index.html", "assets/images/toy-line.png"} <= found[0].keys()
    return found


@pytest.fixture
def commands(tmp_path) -> Commands:
    return lay(tmp_path)


@pytest.fixture
def say(capsys):
    """Prints past pytest, so that the counts are seen."""

    def print_now(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", flush=True)

    return print_now


# killed


def test_killed_at_random_moments(commands, whole, tmp_path, say):
    """SIGKILL to the build alone, whose kernels and Jekyll live on, or to all of its processes, in turn."""
    moments, stages = random.Random(20201216), Counter()
    began = time.monotonic()
    commands.succeed("site")
    duration = time.monotonic() - began
    for life in range(KILLS):
        version = (life + 1) % 2
        while True:
            edit(commands, version)
            if moments.random() < 0.5:
                shutil.rmtree(commands.root / "build", ignore_errors=True)
            if stage := killed(commands, moments.uniform(0, duration), group=life % 4 > 1, log=tmp_path / "log"):
                break
            edit(commands, 1 - version)  # it was done before the moment came: once more from the other version
            commands.succeed("site")
        stages[stage] += 1
        commands.succeed("site")
        assert made(commands) == whole[version], f"kill {life + 1}, {stage}"
    assert leftovers(commands) == []
    say(f"killed {KILLS} times, last heard of: " + ", ".join(f"{stage} ({n})" for stage, n in stages.most_common()))


def killed(commands: Commands, moment: float, group: bool, log: Path) -> str | None:
    """Kill a build at a moment of its life; the last that it had said, or None if it was done before."""
    with log.open("w") as out:
        process = commands.start("site", stdout=out, stderr=out, start_new_session=True)
        try:
            process.wait(moment)
            return None
        except subprocess.TimeoutExpired:
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
    said = log.read_text().split("\n")[:-1]
    return " ".join(said[-1].split()[:2]) if said else "nothing"


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
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").resolve().is_relative_to(root)
            if inside and named in (entry / "cmdline").read_bytes().decode(errors="replace"):
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile
            pass
    return found


def test_a_jekyll_that_outlives_its_build_is_waited_for(commands, whole, tmp_path):
    """Else it would write into the folder of the next one."""
    slow = tmp_path / "bin/jekyll"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 2\nexec {shutil.which("jekyll")} "$@"\n')
    slow.chmod(0o755)
    commands.environment["PATH"] = f"{slow.parent}{os.pathsep}{commands.environment['PATH']}"
    process = commands.start("site")
    while not processes(commands.root, "bin/jekyll"):
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert commands.succeed("site").startswith("another build is running here; waiting")
    assert made(commands) == whole[0]


def test_killed_kernels(commands, whole, say):
    moments, told = random.Random(1), Counter()
    for _ in range(4 * KERNELS_KILLED):
        shutil.rmtree(commands.root / "build", ignore_errors=True)
        process = commands.start("site")
        while not (kernels := processes(commands.root, "publishing.execute.recorder")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 1.5))
        for pid in kernels:
            with suppress(ProcessLookupError):  # its notebook is done
                os.kill(pid, signal.SIGKILL)
        _, error = process.communicate(timeout=120)
        if process.returncode:
            assert all(line.startswith("error: toy/0") for line in error.splitlines()), error
            told["died" if "the kernel died" in error else "did not start"] += 1
        commands.succeed("site")
        assert made(commands) == whole[0]
        if told.total() == KERNELS_KILLED:
            break
    assert told.total() == KERNELS_KILLED
    say(f"kernels killed in {told.total()} builds: {dict(told)}")


def test_a_kernel_that_exhausts_its_memory(commands, whole):
    commands.notebook("03-more", "# 3. More", "whole = bytearray(1 << 40)", "print('more')")
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30));"
    status, _, error = commands.run("site", code=f"{limited} from publishing.__main__ import main; sys.exit(main())")
    assert status == 1 and error.startswith("error: toy/03-more, cell 2: MemoryError: "), error
    assert error.count("\n") == 1
    edit(commands, 0)
    commands.succeed("site")
    assert made(commands) == whole[0]


# starved


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk(small_disk, whole, say):
    commands, told = lay(small_disk), []
    for room in (0, 8_000, 50_000, 150_000, 300_000, 600_000, 1_200_000):
        for folder in GENERATED:
            shutil.rmtree(commands.root / folder, ignore_errors=True)
        fill(small_disk, room)
        status, out, error = commands.run("site")
        if status:
            *before, last = error.splitlines()  # a kernel that could not even start has its own say before
            assert last.startswith("error: ") and not any("__main__.py" in line for line in before), error
            told.append(f"{room // 1000} kB: {last[7:]}")
        (small_disk / "filler").unlink()
        commands.succeed("site")
        assert made(commands) == whole[0], room
    assert told
    say("with so much room left it said\n    " + "\n    ".join(told))


def fill(disk: Path, room: int) -> None:
    """Fill the disk until only so many bytes are left."""
    with (disk / "filler").open("wb") as filler:
        filler.write(bytes(shutil.disk_usage(disk).free - room))


# damaged


def test_damaged_files(commands, whole, say):
    """Anything that is generated, cut or with one bit wrong, is made again or was not needed."""
    commands.succeed("site")
    made_here = (path for path in commands.root.rglob("*") if generated(path.relative_to(commands.root)))
    files = sorted(path for path in made_here if path.is_file() and path.stat().st_size)
    choice = random.Random(7)
    remembered = ("cache", "typeset")
    hurt = [path for path in files if path.parent.name in (*remembered, "stamps")]
    hurt += choice.sample([path for path in files if path not in hurt], 15)
    for path in hurt:
        damage(path, choice)
        if path.parent.name in remembered:
            shutil.rmtree(commands.root / "build/stamps")  # what is remembered is asked for only if there is work
        commands.succeed("site")
        assert made(commands) == whole[0], path.relative_to(commands.root)
    say(f"{len(hurt)} of {len(files)} generated files damaged, one after the other")


def generated(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in GENERATED)


def damage(path: Path, choice: random.Random) -> None:
    data = path.read_bytes()
    where = choice.randrange(len(data) // 2, len(data))
    flipped = data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]
    path.write_bytes(choice.choice([b"", data[:where], flipped]))


def test_every_bit_of_the_remembered_formulas_counts(commands, whole):
    commands.succeed("site")
    remembered = commands.root / "build/typeset/toy-cost-.json"
    good = remembered.read_bytes()
    for where in range(len(good) // 10, len(good), len(good) // 5):
        remembered.write_bytes(good[:where] + bytes([good[where] ^ 1]) + good[where + 1 :])
        (commands.root / "build/stamps/site.json").unlink()
        commands.succeed("site")
        assert made(commands) == whole[0], where


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


def test_a_clean_build_without_a_network(commands, whole, offline):
    commands.succeed("site", under=offline)
    assert made(commands) == whole[0]


def test_make_needs_no_network_once_all_is_laid(offline):
    done = subprocess.run([*offline, "make"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "bootstrap:" not in done.stdout and "the post: _site/" in done.stdout


def test_a_clean_build_of_this_repository_elsewhere_is_the_same(tmp_path, offline):
    """In another folder, another time zone and language, and without a network: minutes."""
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
    elsewhere = {"PYTHONPATH": str(copy), "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = [*offline, paths.ROOT / ".venv/bin/python", "-m", "publishing", "site"]
    subprocess.run(command, cwd=copy, env=os.environ | elsewhere, check=True)
    assert site(copy) == site(paths.ROOT)


def site(root: Path) -> dict[str, bytes]:
    found = sorted(path for path in (root / "_site").rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}
