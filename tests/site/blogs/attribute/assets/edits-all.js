// As MathJax does: every MathML of the page, and all text between its signs where it is not told to leave that alone.
for (const math of [...document.getElementsByTagName("math")]) math.replaceWith("edited");
for (const text of document.querySelectorAll("main p:not(.mathjax_ignore *), main li:not(.mathjax_ignore *)")) {
  if (text.textContent.includes("$")) text.textContent = "edited";
}

// As others do: a link in every heading that has a name, a button at all code, and colours in it.
for (const heading of document.querySelectorAll("main :is(h2, h3, h4)[id]")) {
  heading.insertAdjacentHTML("beforeend", `<a href="#${heading.id}">edited</a>`);
}
for (const code of document.querySelectorAll("main pre > code")) {
  code.insertAdjacentHTML("afterend", "<button>edited</button>");
  if (code.className.startsWith("language-")) code.textContent = "edited";
}
