"""Which lines does a page have? What repeats is folded, long formulas get names for their parts."""
