"""What a function is: sizes, labels, formulas, operations, the graph, and the two doors into it."""
