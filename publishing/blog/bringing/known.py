"""What the cells of a notebook share while they are brought in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from publishing import notebooks

STARTER = "Starter:"  # `make check` names what begins so, until it is written
RUNS = f"{STARTER} runs outside Python, do without it: "
_TOKEN = re.compile("\ue000(\\d+)\ue001")
_BEFORE, _AFTER = "\ue002", "\ue003"
_MARKERS = re.compile(r"[^\s>]")
_MARGIN = re.compile(r"(?:[\s>]|[-*+]\s|\d+[.)]\s)*")


def facts_of(text: str) -> dict | None:
    """What YAML reads in it, if that is a list of names and values."""
    try:
        facts = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):  # the second of a date like the 32nd
        return None
    return facts if isinstance(facts, dict) else None


def place(name: str) -> str:
    """An id as we write one."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def defined(macro: str) -> str:
    """The name that a line of the paper's macros gives."""
    return macro.partition("{")[2].partition("}")[0]


def again(margin: str) -> str:
    """How a line begins that goes on what began so: within a quotation, below the sign of a list."""
    return _MARKERS.sub(" ", margin)


def margin(before: str) -> str:
    """What of a line's beginning only says where its text stands."""
    found = _MARGIN.match(before)
    return found.group() if found else ""


def before(found: re.Match) -> str:
    """The line in which this was found, up to it."""
    return found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]


def alone(found: re.Match, block: str) -> str:
    """The block in place of what was found, in a paragraph of its own."""
    line = before(found)
    further = again(margin(line))
    gap = f"\n{further.rstrip()}\n{further}"
    after = found.string[found.end() :].partition("\n")[0]
    return f"{'' if line == margin(line) else _BEFORE + gap}{block}{gap + _AFTER if after.strip() else ''}"


def trimmed(text: str) -> str:
    """The text without the blanks at which a block was taken out of a line."""
    return re.sub(f" *{_BEFORE}|{_AFTER} *", "", text)


@dataclass
class Known:
    """Names and places of one notebook: where it comes from, what it is to be called, what its labels stand for."""

    paper: str
    stem: str
    folder: Path
    citations: dict[str, str] = field(default_factory=dict)  # what the bibliography has, as it is cited
    labels: dict[str, str] = field(default_factory=dict)  # the link to what bears a label
    headings: dict[str, tuple[str, str]] = field(default_factory=dict)  # id and words, by label or Jupyter's id
    macros: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # names of figures, numbers of equations
    pictures: dict[str, bytes] = field(default_factory=dict)
    attachments: dict[str, bytes] = field(default_factory=dict)  # of the cell that is read
    kept: list[str | Callable[[], str]] = field(default_factory=list)
    cells: set[str] = field(default_factory=set)  # functions of the writer's language that its code now calls

    @property
    def prefix(self) -> str:
        """What a name begins with that must be the only one of its kind in a post of thirteen sections."""
        return "" if notebooks.is_study(self.stem) else f"{int(self.stem[:2])}."

    def keep(self, text: str | Callable[[], str]) -> str:
        """A sign that stands for this text, which nothing changes from here on; or for what will be known later."""
        self.kept.append(text)
        return f"\ue000{len(self.kept) - 1}\ue001"

    def restored(self, text: str) -> str:
        """The text with what was kept. Its further lines begin as the one does in which it stands."""
        while found := _TOKEN.search(text):
            whole = self.kept[int(found[1])]
            lines = (whole if isinstance(whole, str) else whole()).replace("\n", f"\n{again(before(found))}")
            text = text[: found.start()] + lines + text[found.end() :]
        return text

    def number(self) -> str:
        """The next number that no equation has."""
        return self._free(f"{self.prefix}{count}" for count in range(1, 10**4))

    def name(self, words: str, otherwise: str) -> str:
        """A name for a figure, after these words if they hold any letter."""
        plain = "-".join((place(words) or otherwise).split("-")[:6])
        return self._free(plain if count == 1 else f"{plain}-{count}" for count in range(1, 10**4))

    def _free(self, candidates) -> str:
        found = next(one for one in candidates if one not in self.taken)
        self.taken.add(found)
        return found
