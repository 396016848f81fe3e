"""Convert a request body from one model to another.

The body is read into the fields of its model and written in the form of the other one, so that a member which
has another place there (`negative_prompt`, `prompt`, `images`) moves automatically. A member or value that
the other model does not have or allow is left out or replaced by the nearest allowed value, with a note for
each decision. `migrate` in `body_migration` is the entry point.
"""
