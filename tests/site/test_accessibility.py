"""axe-core finds nothing to complain about."""

import pytest
from axe_playwright_python.sync_playwright import Axe

# A formula is one image with a spoken label; what it is drawn from needs no visit.
CONTEXT = {"exclude": [[".math svg"]]}


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
@pytest.mark.parametrize("path", ["/", "/ddpm/"])
def test_axe_finds_no_violation(visit, path, width, scheme):
    visited = visit(path, width=width, scheme=scheme)
    visited.load_images()
    for folded in (True, False):
        visited.fold(folded=folded)
        results = Axe().run(visited.page, context=CONTEXT)
        found = [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        assert found == []
