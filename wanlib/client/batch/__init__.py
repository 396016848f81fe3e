"""Many calls as one batch: checked and priced before the first is sent, and resumed after any interruption.

Start in `run`, which has the life of one job; `journaled` says what an earlier run has left.
"""
