"""What a build says while it runs: on a pseudo-terminal, in a log, and to who listens."""

import os
import pty
import re
import termios
from contextlib import suppress

import pytest

from publishing.progress import lasting

from ..conftest import PATIENCE
from .small_site import Commands

CLEAR = "\r\x1b[K"
STEM = "02-a-name-that-takes-some-room-on-the-line"
WAIT = f"""import os, time
began, here = time.monotonic(), os.open(".", os.O_RDONLY)  # by whose number it looks unseen, or it would run again
while "enough" not in os.listdir(here) and time.monotonic() < began + {PATIENCE}:
    time.sleep(0.05)"""


@pytest.fixture
def commands(tmp_path):
    """Its second notebook ends only when there is a file `enough`."""
    commands = Commands.lay(tmp_path)
    commands.notebook("01-quick", "# 1. Quick", "print(1)")
    commands.notebook(STEM, "# 2. Slow", "2", WAIT, "print(2)")
    return commands


def enough(commands: Commands) -> None:
    commands.write("notebooks/toy/enough", "")


def in_terminal(
    commands: Commands, *arguments: str, until: str, columns: int = 80, term: str = "xterm"
) -> tuple[list[str], list[str]]:
    """What passed on the line that changes, and the lines that stay; the slow notebook ends when `until` was seen."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    commands.environment.pop("COLUMNS", None)
    commands.environment["TERM"] = term
    process = commands.start(*arguments, stdout=theirs)
    os.close(theirs)
    written = b""
    with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:  # it ends when no writer has it open
        while some := terminal.read(1 << 16):
            written += some
            if re.search(until, written.decode(errors="replace"), re.DOTALL):
                enough(commands)
    process.communicate(timeout=PATIENCE)
    lines = written.decode().split("\r\n")
    passing = [text for line in lines for text in line.split(CLEAR)[:-1] if text]
    return passing, [line.rpartition(CLEAR)[2] for line in lines]


def test_in_a_terminal_one_line_changes_and_is_gone_in_the_end(commands):
    cell = rf"toy/{STEM} cell 3/4, ([\d.]+) s"
    passing, lines = in_terminal(commands, "notebooks", until=rf"(1 of 2[^\r]*{cell}.*){{3}}", columns=120)
    shown = [re.fullmatch(rf"([\d.]+) s  1 of 2 notebooks executed · {cell}", text) for text in passing]
    ticks = [(float(one[1]), float(one[2])) for one in shown if one]
    assert len(ticks) >= 3 and ticks == sorted(set(ticks))
    assert lines == ["toy: 2 notebooks, 2 executed", ""]


def test_the_line_is_no_longer_than_the_terminal_is_wide_and_shows_another_letter_for_one_that_it_lacks(commands):
    commands.environment["PYTHONIOENCODING"] = "ascii"
    passing, lines = in_terminal(commands, "notebooks", until=f" toy/{STEM[:8]}", columns=50)
    assert max(map(len, passing)) == 49 and any(f" ? toy/{STEM[:8]}" in text for text in passing)
    assert lines[-2:] == ["toy: 2 notebooks, 2 executed", ""]


def test_a_failure_stays_as_a_line_with_notebook_and_cell(commands):
    commands.notebook("01-quick", "# 1. Quick", "1 / 0")
    passing, lines = in_terminal(commands, "notebooks", until=f"ZeroDivisionError.*{STEM[:9]}")
    assert passing
    assert lines == ["toy/01-quick, cell 2: ZeroDivisionError: division by zero", ""]


def test_a_log_has_a_line_for_each_notebook_and_nothing_that_passes_which_whoever_listens_is_told(commands):
    code = "from publishing import progress; from publishing.__main__ import main; progress.listener = 2; main()"
    process = commands.start("notebooks", code=code)
    while f"{STEM} cell 3/4" not in process.stderr.readline():
        assert process.poll() is None
    enough(commands)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    passing, dumb = in_terminal(commands, "notebooks", "--force", until="executing", term="dumb")
    assert passing == []
    for lines in (out.splitlines(), dumb[:-1]):
        assert re.fullmatch(r"executing 2 of the notebooks on \d kernels?", lines[0])
        form = r"toy/(\S+)  (\d) cells  (?:\d+\.\d s|\d+:\d\d min)"
        told = [re.fullmatch(form, line).groups() for line in sorted(lines[1:-1])]
        assert told == [("01-quick", "2"), (STEM, "4")]
    assert "\r" not in out and "\x1b" not in out


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.04, "0.0 s"), (12.34, "12.3 s"), (61, "1:01 min"), (119.7, "2:00 min")]
)
def test_a_time_is_said_in_seconds_or_minutes(seconds, said):
    assert lasting(seconds) == said
