"""Papers that nobody wrote, as many as one likes, with all that a notebook may hold."""

import json
from collections.abc import Mapping
from pathlib import Path

from publishing.files import write
from publishing.notebooks import HEADER

FOR_A_POST = ("publishing", "requirements", "_config.yml", "_layouts", "_includes", "assets", "package*.json")
SECTIONS = 13
STUDIES = 15
PARAGRAPHS = 30
POST = """\
---
layout: post
title: "Paper {paper}"
description: "Synthetic."
mathjax: true
paper: {paper}
permalink: /{paper}/
feed: {{excerpt_only: true}}
studies: {studies}
---

Synthetic.

{includes}
"""
CLAIMS = """\
---
title: Claims
description: "Synthetic."
published: true
paper: {paper}
mathjax: true
---

Claims are checked.
"""
PARAGRAPH = """\
A sentence about $x_{{{k}}} = {n} + \\alpha_{{{k}}}$, with *emphasis* and `code`,
and a link to [Eq. ({n}.1)](#eq-{n}.1).
"""
CODE = """\
```python
import numpy as np
from matplotlib.figure import Figure

from publishing.cells import claim, diagram, table

x = np.random.default_rng({n}).standard_normal((100, 100))
print(x.shape)
```

```python
figure = Figure(figsize=(5, 2.5))
figure.subplots().plot(np.sort(x.mean(1)))
diagram(figure, "means-{n}", alt="A rising curve.", caption="Sorted means of noise number {n}.")
```

```python
table([[k, float(x[k, k])] for k in range(10)], columns=["$k$", "value"], name="diagonal-{n}", caption="A diagonal.")
claim("The mean of the noise is small", abs(x.mean()), "<", 0.1, of="eq-{n}.1")
```
"""


def write_papers(root: Path, count: int) -> None:
    """Notebooks and posts of `count` papers, into a repository that has none."""
    sections = {f"{n:02}-synthetic": _notebook(n) for n in range(1, SECTIONS + 1)}
    studies = {f"study-{n}": _notebook(n) for n in range(SECTIONS + 1, SECTIONS + STUDIES + 1)}
    for number in range(count):
        write_paper(root, f"paper{number}", sections, studies)


def write_paper(root: Path, paper: str, sections: Mapping[str, str], studies: Mapping[str, str] | None = None) -> None:
    """The texts of notebooks, by their names, and a post that shows them."""
    studies = studies or {}
    shown = [*sections, *(["claims-summary"] if studies else [])]
    includes = "\n".join(f'{{% include paper_section.html name="{paper}/{name}" %}}' for name in shown)
    groups = json.dumps([{"title": "Studies", "pages": [*studies]}] if studies else [])
    files = {
        f"_posts/2026-01-01-{paper}.md": POST.format(paper=paper, includes=includes, studies=groups),
        f"_claims/{paper}.md": CLAIMS.format(paper=paper),
    }
    files |= {f"notebooks/{paper}/{name}.md": f"{HEADER}\n{text}" for name, text in sections.items()}
    files |= {f"notebooks/{paper}/studies/{name}.md": f"{HEADER}\n{text}" for name, text in studies.items()}
    for name, text in files.items():
        write(root / name, text)


def _notebook(n: int) -> str:
    title = f"# {n}. Synthetic" if n <= SECTIONS else f"# What is number {n}?\n\nIt is {n}."
    equation = f"$$\nx_{{{n}}} = {n} \\tag{{{n}.1}}\n$$"
    prose = "\n".join(PARAGRAPH.format(n=n, k=k) for k in range(PARAGRAPHS))
    return f"{title}\n\n{equation}\n\n{prose}\n{CODE.format(n=n)}"
