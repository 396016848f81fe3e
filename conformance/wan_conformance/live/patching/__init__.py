"""The findings of a run, as a patch of the spec files.

Imported by the command `live`. Start with `spec_patch.py`; `rule_lines.py` changes the line of a rule,
`one_model.py` adds one for some models of a file.
"""
