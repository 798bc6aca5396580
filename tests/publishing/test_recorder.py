"""The hook stays for the life of a process, so each test has a process of its own."""

import shutil
import subprocess
import sys

import pytest

from ddpm_notes import load_checkpoint, save_diffusers
from publishing import paths
from publishing.execute.recorder import read_report
from publishing.files import digest_of


@pytest.fixture
def opened(tmp_path):
    """Run code with the recorder on, in notebooks/toy of a small repository; return what was reported."""
    root = tmp_path / "repository"
    folder = root / "notebooks" / "toy"
    folder.mkdir(parents=True)
    (root / "data.json").write_text("{}")
    (root / "module.py").write_text("")

    def run(code, before=""):
        report = tmp_path / "opened"
        report.unlink(missing_ok=True)
        start = f"from publishing.execute.recorder import record; record({str(root)!r}, {str(report)!r})\n"
        environment = {"PYTHONPATH": str(paths.ROOT)}
        command = [sys.executable, "-c", before + start + code]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = read_report(report)
        return [*found.opened, *found.imported]

    return run


@pytest.mark.parametrize(
    "code",
    [
        "open('../../data.json')",
        "open(b'../../data.json', 'rb').read()",
        "from pathlib import Path; Path('../../data.json').read_bytes()",
        "import io; io.FileIO('../../data.json')",
        "import os; os.open('../../data.json', os.O_RDONLY)",
        "open('../../data.json', 'r+')",
    ],
)
def test_a_data_file_is_recorded_however_it_is_opened(opened, code):
    assert opened(code) == ["data.json"]


def test_a_repository_below_a_folder_of_the_system_is_followed(opened, tmp_path):
    before = f"from publishing.execute import recorder; recorder.SYSTEM = ({str(tmp_path)!r},)\n"
    code = "import os, sys; sys.path.append('../..'); import module; open('../../data.json'); open('../../../x', 'a+')"
    assert opened(code, before) == ["data.json", "module.py"]


def test_a_folder_that_is_open_is_found_by_name_on_macos_too(opened):
    """Which has no /proc; its fcntl is acted here."""
    macos = (
        "import fcntl, os\nfcntl.F_GETPATH, os.readlink = 50, None\n"
        "fcntl.fcntl = lambda at, command, room: os.fsencode(os.path.abspath('../..')) + room\n"
    )
    assert opened(macos + "os.open('data.json', os.O_RDONLY, dir_fd=os.open('../..', os.O_RDONLY))")[-1] == "data.json"


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/hostname')",
        "open('../../new.json', 'w')",
        "import os; os.open('../../new.json', os.O_WRONLY | os.O_CREAT)",
        "import os; os.makedirs('../../_site'); open('../../_site/x', 'w+').read()",
        "open('../../new.json', 'w').close(); open('../../new.json').read()",
        "import os; r, w = os.pipe(); open(r)",
        "import sys, zipfile as z\nwith z.ZipFile('../a.zip', 'w') as a: a.writestr('zipped.py', '')\n"
        "sys.path.insert(0, '../a.zip'); import zipped",
    ],
)
def test_writes_generated_files_and_other_places_are_not_recorded(opened, code):
    assert opened(code) == []


def test_weights_are_read_in_a_way_that_is_recorded(opened, tmp_path):
    repository, committed = tmp_path / "repository", paths.ROOT / "experiments/checkpoints/digits.safetensors"
    shutil.copy(committed, repository / "net.safetensors")
    save_diffusers(repository / "theirs", load_checkpoint(committed).model)
    ours = "from ddpm_notes import load_checkpoint; load_checkpoint('../../net.safetensors')"
    assert "net.safetensors" in opened(ours)
    theirs = "from ddpm_notes import load_diffusers; load_diffusers('../../theirs')"
    written = [path.relative_to(repository).as_posix() for path in (repository / "theirs").rglob("*") if path.is_file()]
    assert set(written) <= set(opened(theirs)) and len(written) == 4


def test_the_report_is_complete_when_the_process_is_killed(opened, tmp_path):
    code = "import os, signal; open('../../data.json'); os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(AssertionError):
        opened(code)
    assert list(read_report(tmp_path / "opened").opened) == ["data.json"]


def test_a_file_is_known_as_it_was_when_it_was_opened(opened, tmp_path):
    opened("open('../../data.json').read(); open('../../data.json', 'w').write('[]'); open('../../data.json').read()")
    assert read_report(tmp_path / "opened").opened == {"data.json": digest_of(b"{}")}
