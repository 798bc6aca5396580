"""The kernel of a notebook: what a cell prints arrives, whatever the one before did to its streams."""

import json
import sys
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.jsonutil import json_default


class Kernel(IPythonKernel):
    """IPython's, which waits for ever where a cell leaves no stream, and drops a message with half a letter."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        if self.session:
            self._pack, self.session.pack = self.session.pack, self._packed

    def _packed(self, message: Any) -> bytes:
        """A message as JSON, with a question mark for each half of a surrogate pair."""
        try:
            return self._pack(message)
        except UnicodeEncodeError:
            return json.dumps(message, default=json_default, ensure_ascii=False).encode(errors="replace")

    async def do_execute(self, *arguments: Any, **keywords: Any) -> dict:
        """Run a cell; the next one has the streams that this one had."""
        streams = sys.stdout, sys.stderr
        try:
            return await super().do_execute(*arguments, **keywords)
        finally:
            sys.stdout, sys.stderr = streams
