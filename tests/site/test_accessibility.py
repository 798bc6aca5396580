"""axe-core finds nothing to complain about."""

import pytest
from axe_playwright_python.sync_playwright import Axe


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["/", "/ddpm/"])
def test_axe_finds_no_violation(visit, path, width, scheme):
    visited = visit(path, width=width, scheme=scheme)
    visited.load_images()
    for folded in (True, False):
        visited.fold(folded=folded)
        results = Axe().run(visited.page)
        found = [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        assert found == []
