"""Papers that nobody wrote, as many as one likes, with all that a notebook may hold."""

from pathlib import Path

from publishing.notebooks import HEADER

NOTEBOOKS = 13
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
---

Synthetic.

{includes}
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
    for number in range(count):
        paper = f"paper{number}"
        folder = root / "notebooks" / paper
        folder.mkdir(parents=True)
        stems = [f"{n:02}-synthetic" for n in range(1, NOTEBOOKS + 1)]
        for n, stem in enumerate(stems, 1):
            (folder / f"{stem}.md").write_text(_notebook(n))
        includes = "\n".join(
            f'{{% include paper_section.html name="{paper}/{stem}" %}}' for stem in [*stems, "claims-summary"]
        )
        post = root / "_posts" / f"2026-01-{number + 1:02}-{paper}.md"
        post.parent.mkdir(exist_ok=True)
        post.write_text(POST.format(paper=paper, includes=includes))


def _notebook(n: int) -> str:
    title = f"# {n}. Synthetic\n\n$$\nx_{{{n}}} = {n} \\tag{{{n}.1}}\n$$\n"
    prose = "\n".join(PARAGRAPH.format(n=n, k=k) for k in range(PARAGRAPHS))
    return f"{HEADER}\n{title}\n{prose}\n{CODE.format(n=n)}"
