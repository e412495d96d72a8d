"""Which steps does a function have? Its quantities by the names of its code, and reverse accumulation through them."""
