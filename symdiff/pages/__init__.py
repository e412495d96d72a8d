"""How are verdicts shown? One list of sections, printed as text, as HTML and as LaTeX."""
