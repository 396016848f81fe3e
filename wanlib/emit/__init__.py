"""Spec to text: the generated validators, tables and exported schemas."""

from wanlib.emit.output import FOLDER, generate_files

__all__ = ["FOLDER", "generate_files"]
