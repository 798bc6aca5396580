"""From notebooks in Markdown to finished pieces of a web page, for any paper."""
