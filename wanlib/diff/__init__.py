"""The changes between two specs or two models, and whether they break requests that worked.

A comparison never compares texts: both sides judge the same request bodies, and a difference is a body that
one side accepts and the other refuses. `compare` is the entry point, in `comparison`.

How the bodies are found
------------------------

`wanlib.boundary` makes bodies on both sides of every limit in every mode. The limits of two specs can only
differ at such a body of one of them, and a rule that is the same on both sides, in the same modes, gives the
same verdicts and is left out. If the modes themselves differ, the bodies are made in every combination of the
modes of both sides. Output sizes are compared as regions of the plane, width by width (`size_regions`),
because a limit on pixels and one on the ratio can hide each other.

So every reported change has a witness, and a rule that is only written differently has none.
"""
