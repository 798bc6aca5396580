"""Faults of all that is read, gathered and told together, as a compiler does: a line each, in the order of reading."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from publishing.errors import PublishingError

Made = TypeVar("Made")
_NO_LINE = 10**9
_PLACE = re.compile(
    r"(?:notebooks/)?(?P<name>[^\s:,]+?)(?:\.md)?(?::(?P<line>\d+))?(?:,? \(?cell (?P<cell>\d+)\)?)?: (?P<what>.*)"
)


class Faults(list[str]):
    """Lines to be told, of one or of many notebooks."""

    def attempt(self, make: Callable[..., Made], *given: object) -> Made | None:
        """What it makes; what stops it is remembered in its place."""
        try:
            return make(*given)
        except PublishingError as fault:
            self += str(fault).splitlines()
            return None

    def tell(self) -> None:
        """Raise PublishingError with all of them, if there are any."""
        if self:
            raise PublishingError("\n".join(in_order(self)))


def in_order(faults: Iterable[str]) -> list[str]:
    """By notebook, cell and line; what was found in the text and again on the page is told once, with its line."""
    placed = sorted((*_placed(fault), fault) for fault in set(faults))
    lined = {(name, cell, what) for name, cell, line, what, _ in placed if line < _NO_LINE}
    return [fault for name, cell, line, what, fault in placed if line < _NO_LINE or (name, cell, what) not in lined]


def _placed(fault: str) -> tuple[str, int, int, str]:
    """Notebook, cell, line and what is wrong there; a fault without a line follows those of its cell that have one."""
    found = _PLACE.fullmatch(fault)
    if found is None:
        return "", 0, 0, fault
    return found["name"], int(found["cell"] or 0), int(found["line"] or _NO_LINE), found["what"]
