"""What a reader finds in the post."""

import json
import re
import struct
from urllib.parse import urlsplit

from pybtex.database import parse_string

from .conftest import CLAIMS, PAGES

SECTIONS = [
    ("01-paper-overview", "1. Paper Overview"),
    ("02-key-contributions", "2. Key Contributions"),
    ("03-problem-formulation", "3. Problem Formulation"),
    ("04-method-model-architecture", "4. Method / Model Architecture"),
    ("05-key-equations", "5. Key Equations"),
    ("06-step-by-step-explanation", "6. Step-by-Step Explanation (My Own Words)"),
    ("07-algorithm", "7. Algorithm (Pseudocode)"),
    ("08-python-implementation", "8. Python Implementation"),
    ("09-experimental-setup", "9. Experimental Setup"),
    ("10-strengths-and-weaknesses", "10. Strengths & Weaknesses"),
    ("11-personal-notes", "11. Personal Notes / Insights"),
    ("12-references", "12. References"),
    ("13-related-work", "13. Related Work to Read Next"),
]
SUBSECTIONS = {
    "04-method-model-architecture": ["4.1 Overview (Intuition first)", "4.2 Detailed Components"],
    "06-step-by-step-explanation": [
        "6.1 What the paper is really doing",
        "6.2 Why the model works",
        "6.3 Intuition behind the math",
    ],
    "08-python-implementation": ["8.1 Forward Diffusion Process", "8.2 Reverse Denoising Model", "8.3 Training Loop"],
}
VISIBLE_TEXT = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
        const inside = walker.currentNode.parentElement;
        if (!inside.closest('code, pre, script, style, math')) texts.push(walker.currentNode.data);
    }
    return texts;
}"""


def test_the_thirteen_sections_stand_in_order_under_the_headings_of_the_template(post):
    headings = "sections => sections.map(section => [section.id, section.querySelector('h2').textContent.trim()])"
    found = post.eval_on_selector_all("section.paper-section", headings)
    assert [tuple(pair) for pair in found] == SECTIONS


def test_the_subsections_of_the_template_are_there(post):
    for section, expected in SUBSECTIONS.items():
        found = post.locator(f"[id='{section}'] h3").all_text_contents()
        assert [heading for heading in found if heading in expected] == expected


def test_there_is_one_title_and_no_heading_level_is_skipped(post):
    levels = post.eval_on_selector_all("h1, h2, h3, h4, h5, h6", "found => found.map(one => +one.tagName[1])")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_formula_is_drawn_from_glyphs_that_are_on_the_page(post):
    assert post.locator("merror, [data-mjx-error]").count() == 0
    undrawn = post.eval_on_selector_all(
        ".math",
        """found => found.filter(formula => {
            const drawing = formula.matches('svg') ? formula : formula.querySelector('svg');
            const uses = [...formula.querySelectorAll('use')];
            const {width} = drawing.getBoundingClientRect();
            return !width || !uses.length
                || uses.some(use => !document.getElementById(use.getAttribute('href').slice(1)));
        }).map(formula => formula.outerHTML.slice(0, 200))""",
    )
    assert undrawn == []
    assert post.locator(".math").count() > 50


def test_no_mark_up_is_left_in_the_text(post):
    texts = post.evaluate(VISIBLE_TEXT)
    assert sum(map(len, texts)) > 5000
    raw = [text for text in texts if re.search(r"\$|\\\(|\\\[|\\[a-zA-Z]+|\{\{|\{%|\{::", text)]
    assert raw == []


def test_every_image_is_there_sized_and_described(post):
    images = post.eval_on_selector_all(
        "img",
        """found => found.map(image => ({
            source: image.getAttribute('src'), natural: image.naturalWidth, alt: image.alt.trim(),
            width: image.getAttribute('width'), height: image.getAttribute('height'),
        }))""",
    )
    assert images
    for image in images:
        assert image["natural"] > 0, image
        assert len(image["alt"]) > 10, image
        assert image["width"], image
        assert image["height"], image


def test_the_diagram_that_the_template_names_is_shown(post):
    assert post.locator("#fig-forward-reverse img[src$='/assets/images/ddpm-forward-reverse.png']").count() == 1


def test_the_contents_lead_to_every_section(post):
    links = post.eval_on_selector_all(".toc-side .toc a", "found => found.map(link => link.getAttribute('href'))")
    expected = [f"#{section}" for section, _ in SECTIONS]
    assert [link for link in links if link in expected] == expected


def test_nothing_complains_and_nothing_comes_from_elsewhere(visit, address):
    for path in PAGES:
        visited = visit(path)
        assert visited.complaints == []
        assert [url for url in visited.requests if not url.startswith((address, "data:"))] == []
        assert len(visited.requests) > 4


def test_under_every_heading_of_a_section_its_notebook_can_be_downloaded(post, address):
    for section, _ in SECTIONS:
        tools = post.locator(f"[id='{section}'] > .block .section-tools, [id='{section}'] .section-tools")
        assert re.match(r"\d+ min read", tools.text_content())
        links = tools.locator("a").evaluate_all("found => found.map(link => link.getAttribute('href'))")
        assert links == [f"/assets/notebooks/ddpm/{section}{kind}" for kind in (".ipynb", ".md")]


def test_each_claim_has_its_place_its_numbers_and_its_code(visit):
    page = visit(CLAIMS).page
    assert page.locator(".checked").count() == page.locator(".checked > details.cell-input").count() > 50
    assert page.locator(".checked .claim").count() == page.locator(".claim-exactly").count() > 100


def test_a_search_engine_learns_which_paper_is_reviewed(post):
    data = [json.loads(text) for text in post.locator("script[type='application/ld+json']").all_inner_texts()]
    review = next(one for one in data if one["@type"] == "Review")
    assert review["itemReviewed"]["@type"] == "ScholarlyArticle"
    assert review["itemReviewed"]["author"][0]["name"] == "Jonathan Ho"


def test_the_picture_for_sharing_is_there_in_the_size_that_is_said(post, address):
    content = "one => one.content"
    source = post.eval_on_selector("meta[property='og:image']", content)
    image = post.request.get(address + urlsplit(source).path).body()
    said = [int(post.eval_on_selector(f"meta[property='og:image:{side}']", content)) for side in ("width", "height")]
    assert said == list(struct.unpack(">II", image[16:24]))


def test_the_note_can_be_cited(post):
    bibtex = post.locator(".cite code").inner_text()
    (entry,) = parse_string(bibtex, "bibtex").entries.values()
    assert entry.fields["title"].startswith("Paper Summary")
    assert entry.fields["year"] == "2026"
