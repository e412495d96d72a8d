"""Is a derivation true? Every step at points, and the whole as a claim, by roads that do not know the rules."""
