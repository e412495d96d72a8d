"""Two paths from one variable, whose contributions add: lecture notes, section 2.10."""

from functools import partial

import symdiff as sd

INPUTS = {"x": 3.0}
claim = partial(sd.derivative_of, inputs=INPUTS, source="section 2.10")


def v3(x):
    return sd.name(x**2, "v3")


def v5(x):
    return sd.name(2 * v3(x), "v5")


def v6(x):
    return sd.name(v3(x) + 1, "v6")


def f(x):
    return sd.name(v5(x) * v6(x), "f")


FORWARD = sd.printed(f, INPUTS, {"v3": "9", "v5": "18", "v6": "10", "f": "180"}, source="section 2.10")


@claim(f, wrt="v5", printed="10")
def df_dv5(x):
    return v6(x)


@claim(f, wrt="v6", printed="18")
def df_dv6(x):
    return v5(x)


@claim(v5, wrt="v3", printed="2")
def dv5_dv3(x):
    return 2.0


@claim(v6, wrt="v3", printed="1")
def dv6_dv3(x):
    return 1.0


@claim(f, wrt="v3", printed="38")
def df_dv3(x):
    through_v6 = sd.name(df_dv6(x) * dv6_dv3(x), "through_v6")
    through_v5 = sd.name(df_dv5(x) * dv5_dv3(x), "through_v5")
    return through_v6 + through_v5


PATHS = sd.printed(df_dv3, INPUTS, {"through_v6": "18", "through_v5": "20"}, source="section 2.10, df/dv3")
