"""Read spec files: strict YAML with lines, schema check, annotated values.

Imports `wanlib.base`, yaml and jsonschema; `wanlib.spec.load` and the builders import it.
Start reading in `yaml_reader.py`.
"""
