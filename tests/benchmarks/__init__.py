"""How fast is it, beside peers and code written by hand? ``pytest tests/benchmarks --benchmark-only``."""
