"""What stands under a section's heading: how long it takes to read, and where its notebook is to be had."""

import re

from publishing.section import Section

_WORDS_A_MINUTE = 220
_SECONDS = {'class="equation"': 20, "</tr>": 4}  # that such a thing takes beyond its words
_SECONDS_A_FIGURE = 15
_UNREAD = re.compile(r"<pre.*?</pre>|<[^>]*>", re.DOTALL)


def tools(html: str, section: Section) -> str:
    """The include for a section that has been rendered."""
    words = len(_UNREAD.sub(" ", html).split())
    seconds = sum(html.count(what) * each for what, each in _SECONDS.items())
    figures = sum("paper_diagram.html" in include for include in section.includes)
    seconds += figures * _SECONDS_A_FIGURE
    minutes = max(1, round(words / _WORDS_A_MINUTE + seconds / 60))
    section.page.minutes.append(minutes)
    return f'{{% include paper_section_tools.html stem="{section.stem}" minutes="{minutes}" %}}'
