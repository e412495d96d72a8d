"""Code of somebody else: are SciPy's derivatives of the Rosenbrock function the derivatives of this one?

Rosenbrock (1960), in the form of n variables that `scipy.optimize.rosen` documents; checked at several n.
"""

import numpy as np
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod

import symdiff as sd


def rosen(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


CLAIMS = [
    sd.derivative_of(rosen, of=of, inputs={"x": np.linspace(-1.0, 2.0, n)}, source=f"SciPy, n={n}")(function)
    for n in (2, 3, 5, 10)
    for of, function in [("gradient", rosen_der), ("hessian", rosen_hess), ("hvp", rosen_hess_prod)]
]
