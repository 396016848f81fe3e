"""Many calls as one batch: checked and priced before the first is sent, and resumed after any interruption.

Start in `run`, which has the life of one job; `plan.next_action` decides what an earlier run has left to do.
"""
