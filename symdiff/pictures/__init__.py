"""Which pictures are there? Derivations (``quantities``), graphs (``operations``), paths of optimizers (``paths``).

``quantities.to_svg(derivation)`` and ``operations.to_svg(graph)`` give SVGs. ``paths.svg(walked(names, ground))``, with
``walked`` of ``symdiff.library.landscapes``, gives one too, or None without matplotlib; ``names`` are by default the
seven optimizers of the notes, ``ground`` is ``VALLEY`` or ``ROSENBROCK``.
"""
