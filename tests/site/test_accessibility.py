"""axe-core finds nothing to complain about."""

import pytest
from axe_playwright_python.sync_playwright import Axe

# A formula is one image with a spoken label; what it is drawn from needs no visit.
CONTEXT = {"exclude": [[".math > svg"], ["svg.math > *"]]}
OPTIONS = {
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, which axe-core leaves out by itself
    "resultTypes": ["violations"],  # all is checked, and only this described, in little more than half the time
}


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")])
@pytest.mark.parametrize("path", ["/", "/ddpm/", "/ddpm/claims/"])
def test_axe_finds_no_violation(visit, path, width, scheme):
    visited = visit(path, width=width, scheme=scheme)
    visited.load_images()
    visited.draw_all()
    for folded in (True, False):
        visited.fold(folded=folded)
        results = Axe().run(visited.page, context=CONTEXT, options=OPTIONS)
        found = [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        assert found == []
