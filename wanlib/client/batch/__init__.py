"""Many calls as one batch: checked and priced before the first is sent, and resumed after any interruption.

Start reading at `run`, which implements the life cycle of a job; `plan.next_action` decides what remains to
be done after an earlier run.
"""
