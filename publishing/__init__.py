"""From notebooks to the site.

A notebook goes through `execute`, `render`, `typeset` and `site`; `build` calls them in this order and skips what has
nothing to do. `serve` shows the result, `checks` looks for faults, `blog` carries the notes elsewhere. Notebooks import
`cells`; `contract` is what `cells` and `render` agree on.
"""
