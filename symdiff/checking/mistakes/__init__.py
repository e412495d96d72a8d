"""Which mistake is it? Wrong derivations and edits of the claim, each tried on numbers and then in balls."""
