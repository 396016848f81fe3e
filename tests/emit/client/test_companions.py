"""Signatures say which parameters belong together, and which exclude each other."""

from pathlib import Path

from tests.spec.kinds_spec import MODEL, load_kinds
from wanlib.emit.client.overloads import overloads


def test_signatures_include_required_companions_and_omit_excluded_ones(tmp_path: Path) -> None:
    signatures = [
        {member.name: member.required for member in overload.members}
        for overload in overloads(load_kinds(tmp_path), "generate", MODEL)
    ]
    with_honey = [signature for signature in signatures if "honey" in signature]
    assert with_honey and all(signature["honey"] and signature["lemon"] for signature in with_honey)
    with_lemon = [signature for signature in signatures if "lemon" in signature]
    assert with_lemon and not any("milk" in signature for signature in with_lemon)
    assert any("milk" in signature and "lemon" not in signature for signature in signatures)
    assert not any("cream" in signature for signature in signatures)  # it requires images
