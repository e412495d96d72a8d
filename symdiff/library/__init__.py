"""What stands on the shelves? Activations, losses, layers, architectures and optimizers, each a judged claim.

``registry()`` lists the entries; ``Entry`` makes one, in one file, also from outside the package; ``accuracy`` measures
the forms of an activation in units in the last place.
"""

from symdiff.library.cases import Case, Names
from symdiff.library.entries import Array, Derivative, Entry, Fact, Slip
from symdiff.library.precision import accuracy
from symdiff.library.shelves import find, registry

__all__ = ["Array", "Case", "Derivative", "Entry", "Fact", "Names", "Slip", "accuracy", "find", "registry"]
