"""axe-core finds nothing to complain about."""

import pytest
from axe_playwright_python.sync_playwright import Axe

# A formula is one image with a spoken label; what it is drawn from needs no visit.
CONTEXT = {"exclude": [[".math > svg"], ["svg.math > *"]]}
OPTIONS = {
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, which axe-core leaves out by itself
    "resultTypes": ["violations"],  # all is checked, and only this described, in little more than half the time
}
# Unfolded, a page shows all that it shows folded, but for what its button says.
LOOKS = [(width, scheme, False) for width in (320, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize(("width", "scheme", "folded"), [*LOOKS, (1280, "light", True)])
@pytest.mark.parametrize("path", ["/", "/ddpm/", "/ddpm/claims/"])
def test_axe_finds_no_violation(visit, path, width, scheme, folded):
    visited = visit(path, width=width, scheme=scheme)
    visited.load_images()
    visited.draw_all()
    visited.fold(folded=folded)
    results = Axe().run(visited.page, context=CONTEXT, options=OPTIONS)
    found = [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
    assert found == []
