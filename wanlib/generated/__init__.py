"""Code that `wanlib emit` writes from the files in `spec/`: clients, validators, tables. Do not edit it.

`wanlib` and its top-level modules import it; `client`, `spec` and `emulator` must not. Start reading in
`client` for the methods, in `checker` for `check`, and in `registry` for the rules.
"""
