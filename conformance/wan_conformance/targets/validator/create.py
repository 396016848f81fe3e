"""Make the target for a name of `--target`: `module:callable` or `exec:COMMAND`."""

from collections.abc import Sequence

from wan_conformance.targets.validator.functions import FunctionValidator
from wan_conformance.targets.validator.programs import ProgramValidator
from wan_conformance.targets.validator.target import ValidatorTarget
from wanlib.base.redaction import redact_text
from wanlib.spec import Spec

_PROGRAM = "exec:"


def is_validator(name: str) -> bool:
    """Return whether a name of `--target` has the form of a validator."""
    return ":" in name


def is_program(name: str) -> bool:
    """Return whether a name of `--target` is a program."""
    return name.startswith(_PROGRAM)


def validator_target(spec: Spec, name: str, claims: Sequence[str], timeout: float) -> ValidatorTarget:
    """Return the target that judges a validator.

    Args:
        spec: The spec.
        name: `module:callable` or `exec:COMMAND`.
        claims: The rules that it is judged by, as kinds or globs; empty for those that it implements.
        timeout: The maximum time for one answer of a program, in seconds.

    Raises:
        ValidatorLoadError: The function or program does not exist.
        ClaimsError: A claim is neither a kind nor matches a rule.
    """
    if is_program(name):
        program = ProgramValidator(name.removeprefix(_PROGRAM), timeout)
        return ValidatorTarget(spec, redact_text(name), program, claims)
    return ValidatorTarget(spec, name, FunctionValidator(name), claims)
