"""How does a derivation look as text, LaTeX, HTML or Markdown, and in a file?"""
