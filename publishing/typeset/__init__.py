"""The formulas of a page as static SVG, by MathJax in Node: a reader needs no script and no font."""
