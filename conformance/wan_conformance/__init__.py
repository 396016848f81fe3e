"""The harness: cases made from the spec and from hand-written vectors, put to everything that follows it.

A case is put to a target without its answer; what the target says is an observation; `judge` makes a
verdict of the two; the log of verdicts is what every report is made from.
"""
