"""symdiff, the referee for derivatives: is this hand-derived gradient right?

One graph, many readers::

                 trace(fn)  builder       doors            the two doors in
                        \\   /
                         ir                                networkx MultiDiGraph of four families of operations
      ____________________|_________________________________________
     |            |                 |                |              |
  calculus    evaluation          proof           checking        pages
 graph->graph graph->values   equal or not?    is it right?     verdict->text
 vjp jvp hvp  numpy math      exact zero test  probes, witness, terminal, HTML,
 jac hessian  sympy balls mp  over polynomials diagnosis, repair LaTeX

The public names, in reading order.
"""

from __future__ import annotations

from symdiff.checking.checks import assert_right, check
from symdiff.checking.claims import Claim, derivative_of
from symdiff.checking.printed import printed
from symdiff.derivations.conventions import fits
from symdiff.derivations.deriving import derive as explain
from symdiff.derivations.steps import Derivation
from symdiff.doors.registry import register
from symdiff.doors.tracing import name, trace
from symdiff.errors import (
    DtypeError,
    ImpureFunction,
    InputError,
    LabelError,
    LegalityError,
    MutationError,
    NoClaims,
    NotCompilable,
    ShapeError,
    SymdiffError,
    TracingError,
    UndecidedDerivative,
    UnknownFunction,
    ValueDependentBranch,
    WrongDerivative,
)
from symdiff.facade import attach
from symdiff.functions import exact, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from symdiff.ir.graph import Graph
from symdiff.library import activations, architectures, attention, layers, losses, optimizers
from symdiff.library.stepping.judging import check_optimizer
from symdiff.verdicts import Evidence, Mistake, Verdict, Witness

attach()

__version__ = "0.1.0"

__all__ = [
    "Claim",
    "Derivation",
    "DtypeError",
    "Evidence",
    "Graph",
    "ImpureFunction",
    "InputError",
    "LabelError",
    "LegalityError",
    "Mistake",
    "MutationError",
    "NoClaims",
    "NotCompilable",
    "ShapeError",
    "SymdiffError",
    "TracingError",
    "UndecidedDerivative",
    "UnknownFunction",
    "ValueDependentBranch",
    "Verdict",
    "Witness",
    "WrongDerivative",
    "activations",
    "architectures",
    "assert_right",
    "attention",
    "check",
    "check_optimizer",
    "derivative_of",
    "exact",
    "explain",
    "fits",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "layers",
    "losses",
    "name",
    "optimizers",
    "printed",
    "register",
    "trace",
    "value_and_grad",
    "vjp",
]
