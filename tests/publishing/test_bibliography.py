import re

import pytest

from publishing.render.bibliography import references
from publishing.render.nodes import References
from publishing.render.serialise import html_of

from .notes import refused, select, texts

HO = """@inproceedings{ho2020ddpm, author={Ho, Jonathan and Jain, Ajay and Abbeel, Pieter},
 title={Denoising Diffusion {GANs} of MotionDiffuser}, booktitle={NeurIPS}, volume={33}, pages={6840--6851},
 year={2020}, eprint={2006.11239}, archivePrefix={arXiv}}
"""
BLOG = r"""@misc{blog, author={{\"U}nal, A.}, year={2021},
 title={On {\{\% x \%\}} {{:.a}} \& <b> "a" 'b' \&amp;}, url={https://example.org/?a=1&b=2}}
"""


OF_A = "author={B, A.}, title={X}, year={2020}"


@pytest.fixture
def listed(repository):
    def html(text: str, **citations: list[str]) -> str:
        path = repository.write("notebooks/toy/references.bib", text)
        cited = citations or {key: ["cite-1"] for key in re.findall(r"@\w+\{(\w+)", text)}
        return html_of(References(references(path, cited)))

    return html


def test_an_entry_has_an_id_and_its_title_as_written(listed):
    html = listed(HO)
    (said,) = texts(html, "li#ref-ho2020ddpm")
    begin = "Jonathan Ho, Ajay Jain, and Pieter Abbeel. Denoising Diffusion GANs of MotionDiffuser."
    assert " ".join(said.split()).startswith(begin)
    assert "6840–6851" in said
    assert texts(html, 'li > a[rel=external][href="https://arxiv.org/abs/2006.11239"]') == ["arXiv:2006.11239"]


def test_entries_are_sorted_by_author(listed):
    assert [one["id"] for one in select(listed(BLOG + HO), "li")] == ["ref-ho2020ddpm", "ref-blog"]


def test_an_entry_links_back_to_its_citations(listed):
    html = listed(HO, ho2020ddpm=["cite-05-1", "cite-13-2"])
    assert texts(html, 'li a[href^="#cite-"]') == ["§5", "§13"]
    assert texts(html, "li")[0].endswith("Cited in §5, §13.")


@pytest.mark.parametrize("kind", ["conference", "electronic"])
def test_other_names_of_a_type_are_known(listed, kind):
    (said,) = texts(listed(f"@{kind}{{a, {OF_A}, booktitle={{NeurIPS}}, url={{https://a.b}}}}"), "li")
    assert " ".join(said.split()).startswith("A. B. X. ")


@pytest.mark.parametrize(
    ("field", "address"),
    [
        *((f"doi={{{begin}10.1/x}}", "https://doi.org/10.1/x") for begin in ("", "https://doi.org/", "doi: ")),
        *((f"eprint={{{begin}2006.1}}", "https://arxiv.org/abs/2006.1") for begin in ("", "https://arxiv.org/abs/")),
        ("eprint={arXiv:2006.1}", "https://arxiv.org/abs/2006.1"),
    ],
)
def test_a_number_may_be_written_with_its_address(listed, field, address):
    assert select(listed(f"@article{{a, {OF_A}, journal={{J}}, {field}}}"), "li a")[0]["href"] == address


def test_an_entry_that_is_not_cited_is_not_listed(listed):
    assert [one["id"] for one in select(listed(BLOG + HO, blog=["cite-1"]), "li")] == ["ref-blog"]


def test_text_of_an_entry_cannot_become_markup(listed):
    html = listed(BLOG)
    (said,) = texts(html, "li")
    assert "Ünal" in said and """& <b> "a" 'b' &amp;.""" in said
    assert "{" not in html
    assert select(html, "li a")[0]["href"] == "https://example.org/?a=1&b=2"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("@article{a, title={X}", "syntax error"),
        ("@article{a, title={X}, year={2000}, journal={J}}", "missing author in a"),
        (HO + HO, "repeated bibliography entry"),
        (f"@misc{{a, {OF_A}, url={{javascript:alert(1)}}}}", "javascript"),
        (f"@misc{{a, {OF_A}, url={{https://a.b/c\\_d}}}}", "holds TeX; write it as a browser shows it"),
        (f"@thesis{{a, {OF_A}, school={{ETH}}}}", "a is a @thesis, which is unknown; take one of article, book, "),
        *(
            (f"@misc{{a, {OF_A}, note={{See {tex}}}}}", f"a would show {shown} as it is, since TeX is not set here")
            for tex, shown in (
                (r"\url{x.org}", r"\url"),
                (r"\textit{x}", r"\textit"),
                ("$O(n)$", "$"),
                ("L$_1$", "$"),
            )
        ),
    ],
)
def test_a_bad_entry_is_said_in_one_line(listed, text, word):
    told = refused(listed, text)
    assert told.startswith("toy/references.bib: ") and word in told


def test_a_missing_bibliography_is_said(tmp_path):
    assert "references.bib" in refused(references, tmp_path / "references.bib", {})
