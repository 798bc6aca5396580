"""What a build says while it runs: on a pseudo-terminal, in a log, and to who listens."""

import os
import pty
import re
import termios

import pytest

from publishing.progress import lasting

from .press import Press

CLEAR = "\r\x1b[K"
SLOW = "import time\ntime.sleep(2.5)"


@pytest.fixture
def press(repository):
    repository.notebook("01-quick", "# 1. Quick", "print(1)")
    repository.notebook("02-a-name-that-takes-some-room-on-the-line", "# 2. Slow", "2", SLOW, "print(2)")
    return Press(repository)


class Terminal:
    """A pseudo-terminal of so many columns, and all that was written to it."""

    def __init__(self, columns: int):
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, columns))

    def read(self) -> str:
        os.close(self.theirs)
        written = b""
        try:
            while some := os.read(self._ours, 1 << 16):
                written += some
        except OSError:  # every writer has closed it
            os.close(self._ours)
        return written.decode()


def in_terminal(press: Press, *arguments: str, columns: int = 80, **own: str) -> tuple[list[str], list[str]]:
    """What passed on the line that changes, and the lines that stay."""
    terminal = Terminal(columns)
    press.environment = {key: value for key, value in press.environment.items() if key != "COLUMNS"}
    press.environment |= {"TERM": "xterm"} | own
    process = press.start(*arguments, stdout=terminal.theirs)
    written = terminal.read()
    process.communicate(timeout=60)
    lines = written.split("\r\n")
    passing = [text for line in lines for text in line.split(CLEAR)[:-1] if text]
    return passing, [line.rpartition(CLEAR)[2] for line in lines]


def test_in_a_terminal_one_line_changes_and_is_gone_in_the_end(press):
    passing, lines = in_terminal(press, "notebooks", columns=120)
    cell = r"02-a-name-that-takes-some-room-on-the-line cell 3/4, ([\d.]+) s"
    shown = [re.search(rf"^([\d.]+) s  [01] of 2 notebooks executed.* · {cell}", text) for text in passing]
    ticks = [(float(one[1]), float(one[2])) for one in shown if one]
    assert len(ticks) >= 3 and ticks == sorted(set(ticks)), "the line ticks as long as a cell runs"
    assert max(ticks)[1] > 1.5
    assert lines == ["toy: 2 notebooks, 2 executed", ""]


def test_the_line_is_no_longer_than_the_terminal_is_wide(press):
    passing, _ = in_terminal(press, "notebooks", columns=50)
    assert any(text.endswith("…") for text in passing)
    assert max(map(len, passing)) < 50


def test_a_failure_stays_as_a_line_with_notebook_and_cell(press):
    press.repository.notebook("01-quick", "# 1. Quick", "import time\ntime.sleep(1)", "1 / 0")
    passing, lines = in_terminal(press, "notebooks")
    assert passing
    assert lines == ["toy/01-quick, cell 3: ZeroDivisionError: division by zero", ""]


def test_a_log_has_a_line_for_each_notebook_and_nothing_that_passes(press):
    out = press.succeed("notebooks")
    _, dumb = in_terminal(press, "notebooks", "--force", TERM="dumb")
    for lines in (out.splitlines(), dumb[:-1]):
        assert re.fullmatch(r"executing 2 of the notebooks on \d kernels?", lines[0])
        told = [re.fullmatch(r"toy/(\S+)  (\d) cells  \d+\.\d s", line).groups() for line in sorted(lines[1:-1])]
        assert told == [("01-quick", "2"), ("02-a-name-that-takes-some-room-on-the-line", "4")]
    assert "\r" not in out and "\x1b" not in out


def test_whoever_listens_is_told_the_same(press):
    code = "from publishing import progress; from publishing.__main__ import main; progress.listener = 2; main()"
    _, _, err = press.run("notebooks", code=code)
    assert "of 2 notebooks executed · " in err


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.04, "0.0 s"), (12.34, "12.3 s"), (61, "1:01 min"), (119.7, "2:00 min")]
)
def test_a_time_is_said_in_seconds_or_minutes(seconds, said):
    assert lasting(seconds) == said
