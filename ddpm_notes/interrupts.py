"""To be interrupted between two steps and not in one, so that what is saved is whole."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def noted_interrupts() -> Iterator[Callable[[], bool]]:
    """Inside, SIGINT (Ctrl-C) and SIGTERM are only noted; the function that it gives tells whether one came.

    A second Ctrl-C interrupts at once. Outside the main thread signals are Python's business, and none is noted.
    """
    noted: list[int] = []

    def note(number, frame):
        if number == signal.SIGINT and number in noted:
            raise KeyboardInterrupt
        noted.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: bool(noted)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
