"""Files of npm packages that the reader's browser loads: `browserFiles` in package.json names them."""

import json

from publishing import folders, paths
from publishing.errors import PublishingError


def copy_packages() -> None:
    """Copy what each package gives the browser to `assets/vendor/<package>/`, so that no other host is asked."""
    named = json.loads((paths.ROOT / "package.json").read_text(encoding="utf-8")).get("browserFiles", {})
    contents = {}
    for package, files in named.items():
        for path in (paths.ROOT / "node_modules" / package / file for file in files):
            if not path.is_file():
                raise PublishingError(f"{paths.relative(path)} is not installed; run `python3 bootstrap.py site`")
            contents[paths.VENDOR / package / path.name] = path.read_bytes()
    folders.sync(contents)
    folders.sweep([paths.VENDOR], contents)
