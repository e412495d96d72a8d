"""Are two graphs equal? Exact answers: never by floats, never by ``simplify``."""
