"""The package itself: what it offers, and from where."""

import ast
import textwrap
from pathlib import Path

import ddpm_notes

FOLDER = Path(ddpm_notes.__file__).parent
_, *IMPORTS = ast.parse((FOLDER / "__init__.py").read_text(encoding="utf-8")).body  # after the docstring
OFFERED = {alias.name: statement.module for statement in IMPORTS for alias in statement.names}


def test_it_holds_plain_imports():
    assert {type(statement) for statement in IMPORTS} == {ast.ImportFrom}
    assert not any(alias.asname for statement in IMPORTS for alias in statement.names)


def test_a_name_comes_from_the_module_that_defines_it():
    for name, module in OFFERED.items():
        tree = ast.parse((FOLDER / f"{module.removeprefix('ddpm_notes.')}.py").read_text(encoding="utf-8"))
        defined = {getattr(node, "name", None) for node in tree.body}
        assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
        defined |= {target.id for target in assigned if isinstance(target, ast.Name)}
        assert name in defined, f"{module} only passes {name} on"


def test_no_name_is_that_of_a_module():
    assert not set(OFFERED) & {path.stem for path in FOLDER.glob("*.py")}


def test_the_template_s_names_are_there():
    from ddpm_notes import forward_process, linear_schedule, reverse_process, sample, simple_loss, train

    assert all(map(callable, (forward_process, linear_schedule, reverse_process, sample, simple_loss, train)))
    assert ddpm_notes.variational_bound is ddpm_notes.likelihood.variational_bound


def test_figures_know_nothing_of_the_network():
    imported = ast.walk(ast.parse((FOLDER / "figures.py").read_text(encoding="utf-8")))
    assert "ddpm_notes.unet" not in {node.module for node in imported if isinstance(node, ast.ImportFrom)}


def test_the_session_of_the_docstring_is_the_readmes_and_ends_in_a_picture():
    """Five lines, run with fewer steps."""
    docstring = ddpm_notes.__doc__
    start = docstring.index("    from ddpm_notes import DIGITS")
    session = docstring[start : docstring.index("\n\n", start)]
    assert session in (FOLDER.parent / "README.md").read_text(encoding="utf-8") and len(session.splitlines()) == 5
    *lines, last = textwrap.dedent(session).replace("steps=500", "steps=2").splitlines()
    names = {}
    exec("\n".join(lines), names)
    names["schedule"] = ddpm_notes.strided(names["schedule"], 3)
    assert eval(last, names).size == (8 * 72 - 8, 2 * 72 - 8)
