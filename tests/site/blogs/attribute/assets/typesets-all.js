// As MathJax does: every MathML of the page, and all text between its signs where it is not told to leave that alone.
for (const math of [...document.getElementsByTagName("math")]) math.replaceWith("typeset again");
for (const text of document.querySelectorAll("main p:not(.mathjax_ignore *), main li:not(.mathjax_ignore *)")) {
  if (text.textContent.includes("$")) text.textContent = "typeset again";
}
