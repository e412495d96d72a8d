"""Are two graphs equal at one shape? An exact zero test: polynomials over independent generators."""
