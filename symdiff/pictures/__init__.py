"""Which pictures are there? Optimizers' paths: ``paths.svg(landscape)`` of a ``landscapes.Landscape`` is one SVG.

``symdiff.library.landscapes.walked(names, ground)`` makes it from real steps; ``names`` are by default the seven
optimizers of the notes, ``ground`` is ``VALLEY`` or ``ROSENBROCK``. None without matplotlib.
"""
