"""Spec to text: the generated validators, tables and exported schemas."""

from wanlib.emit.files import FOLDER, emitted

__all__ = ["FOLDER", "emitted"]
