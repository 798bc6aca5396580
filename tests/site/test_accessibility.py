"""axe-core finds nothing to complain about."""

import pytest
from axe_playwright_python.sync_playwright import Axe

# A formula is one image with a spoken label; what it is drawn from needs no visit.
CONTEXT = {"exclude": [[".math > svg"], ["svg.math > *"]]}
OPTIONS = {
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, which axe-core leaves out by itself
    "resultTypes": ["violations"],  # all is checked, and only this described, in little more than half the time
}
IN_THE_DARK = {"runOnly": ["color-contrast", "link-in-text-block"]}  # else a page is the same


@pytest.mark.parametrize(
    ("width", "scheme", "options"),
    [(320, "light", {}), (320, "dark", IN_THE_DARK), (1280, "light", {}), (1280, "dark", IN_THE_DARK)],
)
@pytest.mark.parametrize("path", ["/", "/ddpm/", "/ddpm/claims/"])
def test_axe_finds_no_violation(visit, path, width, scheme, options):
    visited = visit(path, width=width, scheme=scheme)
    visited.load_images()
    visited.fold(folded=False)
    results = Axe().run(visited.page, context=CONTEXT, options=OPTIONS | options)
    found = [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
    assert found == []
