"""What a kernel and the renderer agree on: how outputs say what they are, how things are named, what tags mean."""

import re

PRIVATE = "application/vnd.paper-"
DIAGRAM, TABLE, CLAIM, SOURCE, REFERENCES = (
    f"{PRIVATE}{kind}+json" for kind in ("diagram", "table", "claim", "source", "references")
)

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # of a figure, a table, an instrument
PAPER = re.compile(r"[a-z0-9]+")
SECTION = re.compile(r"\d\d(-[a-z0-9]+)+")

REMOVE_CELL, REMOVE_INPUT, REMOVE_OUTPUT, HIDE_INPUT = "remove-cell", "remove-input", "remove-output", "hide-input"
MAY_RAISE = "raises-exception"
