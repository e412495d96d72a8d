"""What may a derivative be where a function has none: at kinks, ties, filled gaps and the edges of its domain?"""
