"""A page of this site as another site's frame takes it: all of the note, finished, with no address of this site.

Nothing of it is left to do for the blog's Markdown and Liquid but to say where the blog stands.
"""

import re
from functools import partial

OWN = "assets/paper-notes"  # where all that the pages fetch is, so that it meets nothing of the blog's
ROOT = "{{ paper_root }}"  # the blog's base path, with a slash behind it

_ARTICLE = re.compile(r'<article class="paper-notes">(.*)</article>', re.DOTALL)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>")
_SMALL = ("pre", "script", "style", "template")  # which a theme may leave alone if it knows them
_LIQUID = re.compile(r"\{(?=[{%])")
_UNLESS_SHOWN = r"{% unless paper_titled %}\g<0>{% endunless %}"
_CHANGES = (
    # A layout that shows the title shows date and categories too.
    (r'<h1 class="post-title">.*?</h1>', _UNLESS_SHOWN),
    (r'<p class="post-categories">[^<]*</p>', _UNLESS_SHOWN),
    (r'(?<=<p class="post-date">)<time[^>]*>[^<]*</time>(, | · )', _UNLESS_SHOWN),
    # The contents fold: they have no margin there, and their id may be the theme's.
    (r'<div class="toc-bar">.*?</div>', ""),
    (
        r'<div class="toc-side"><nav class="toc" id="toc" popover(.*?</nav>)\s*</div>',
        r'<details class="toc-fold"><summary>Contents</summary><nav class="toc"\1</details>',
    ),
    (r'<section class="cite".*?</section>', "{% include paper_notes/cite.html %}"),
    # The blog's MathJax typesets whatever MathML it finds, and looks into no shadow.
    (r'(<span class="math-assistive">)(.*?)(</span>)', r'\1<template shadowrootmode="open">\2</template>\3'),
)
_INSTRUMENTS = ((r'<p class="instrument-call">.*?</script>', ""), (r' data-instrument="[^"]*" data-files="[^"]*"', ""))


def embedded(html: str, base: str, instruments: bool) -> str:
    """The note of a built page that stands at the path `base` of its host."""
    found = _ARTICLE.search(html)
    assert found is not None, "every page of the notes has an article"
    note = _LIQUID.sub("&#123;", found[1])
    for pattern, new in (*_CHANGES, *(() if instruments else _INSTRUMENTS)):
        note = re.sub(pattern, new, note, flags=re.DOTALL)
    return in_capitals(note, base)


def in_capitals(html: str, base: str = "") -> str:
    """With names of elements in capitals, where no theme looks for them, and addresses below those of the blog.

    Many a theme finds pictures, headings and tables in a page by their letters, and puts its base path before an
    address that has it already, or links and boxes around them.
    """
    return _TAG.sub(partial(_of_the_blog, base), html)


def _of_the_blog(base: str, tag: re.Match) -> str:
    end, name, rest = tag.groups()
    rest = re.sub(rf' (href|src|srcset|data-files)="{re.escape(base)}/', rf' \1="{ROOT}', rest)
    rest = rest.replace(f'"{ROOT}assets/', f'"{ROOT}{OWN}/').replace(' src="', ' SRC="')
    rest = re.sub(r'/([^/"]+\.md)" download', r'/\1.txt" download="\1"', rest)  # some builds make a page of each .md
    rest = re.sub(r'class="language-[^"]*"', 'class="nohighlight"', rest)  # whoever colours code would do it again
    return f"<{end}{name if name in _SMALL else name.upper()}{rest}>"


def fetched(note: str) -> set[str]:
    """What the pages of the blog fetch, as it is named in `assets/`; a name that ends in a hyphen begins several."""
    return set(re.findall(rf'"{re.escape(ROOT + OWN)}/([^"#]+)"', note))


def lead(note: str) -> str:
    """The first picture and words of a note in plain HTML, for home pages and feeds that print whole posts."""
    first = note.partition("</HEADER>")[2].partition('<SECTION class="paper-section"')[0]
    words = [text for text in re.findall(r"<P>.*?</P>", first, re.DOTALL) if "<SVG" not in text]
    to_the_note = '<p><a href="{{ page.url | relative_url }}">'
    pictures = [
        f'{to_the_note}{picture[:-1]} style="max-width: 100%; height: auto"></a></p>'
        for picture in re.findall(r"<IMG [^>]*>", first)[:1]
    ]
    root = "{%- assign paper_root = '/' | relative_url -%}"
    return "\n".join([root, *pictures, *words, f"{to_the_note}Read the note</a></p>"])
