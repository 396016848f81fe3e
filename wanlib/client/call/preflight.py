"""Checks that prevent a call from being sent, and warnings about parameters without effect."""

import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.identifiers import Hints, RuleName
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.base.violation import Violation
from wanlib.client.call.arguments import CallArguments, check_images
from wanlib.errors import IgnoredParameterWarning, InvalidArgumentError, InvalidRequestError

_CALLS = "wire/endpoints"


def check_call_shape(
    api: ApiTables, model: Model, region: str, arguments: CallArguments, fields: Mapping[str, Any]
) -> None:
    """Raise InvalidRequestError for a call that cannot be expressed as a body or in this region."""
    _refuse_extra_images(model, fields)
    _refuse_region(api, model, region, arguments.call)


def refuse_images(model: Model, arguments: CallArguments) -> None:
    """Raise InvalidArgumentError for images that no body of this verb or model can contain.

    They would be missing from the request, and pictures drawn without them would be billed.
    """
    check_images(arguments.images)
    if "images" in arguments.parameters or any(name in arguments.parameters for name in model.images):
        way_out = "call edit, which does" if "edit" in model.verbs and model.images else "leave them out"
        raise InvalidArgumentError(f"generate takes no images; {way_out}")
    if arguments.images and not model.images:
        single = f" but {' and '.join(model.single_images)}" if model.single_images else ""
        raise InvalidArgumentError(f"{model.name} takes no images{single}; leave out images=")


def check_allowed_rules(api: ApiTables, allow: Any) -> None:
    """Raise InvalidArgumentError if `allow` is not a list of rule ids: another name would have no effect."""
    if isinstance(allow, str) or not isinstance(allow, Collection):
        raise InvalidArgumentError(
            f"allow is {safe_repr(allow)}; allowed: a list of rule ids. Write allow=[...]"
        )
    if not len(allow):  # an array has no truth value
        return
    known = api.rule_ids()
    for name in allow:
        if not isinstance(name, str) or name not in known:
            hint = did_you_mean(name, known) or "; `wanlib rules` lists the ids"
            raise InvalidArgumentError(f"allow has {safe_repr(name)}, which is not the id of a rule{hint}")


def raise_violations(model: Model, arguments: CallArguments, violations: Sequence[Violation]) -> None:
    """Raise InvalidRequestError with all violations that refuse the call and are not allowed."""
    # A value without a place in the request can't be allowed: it would be dropped, and the rest billed.
    violated = [*_call_violations(model, arguments.call), *_unknown_parameters(model, arguments.parameters)]
    violated += [
        violation
        for violation in violations
        if violation.is_refused and violation.rule not in arguments.allow
    ]
    reasons = list(map(str, violated))
    if missing := missing_verb(model, arguments.verb):
        restated = [violation for violation in violated if _restates(model, arguments, violation)]
        ids = f" ({', '.join(violation.rule for violation in restated)})" if restated else ""
        others = (str(violation) for violation in violated if violation not in restated)
        reasons = [f"{missing}{ids}.", *others]
    if reasons:
        raise InvalidRequestError(f"nothing was sent: {' '.join(reasons)}", violated)
    # Without an image, the service would draw from the text alone, and bill it.
    if arguments.verb == "edit" and not has_image(model, arguments):
        raise InvalidArgumentError("edit was given no image; call generate to draw from text alone")


def warn_ignored(violations: Sequence[Violation]) -> None:
    """Warn about parameters without effect, at the line of the caller."""
    for violation in violations:
        if violation.outcome == "ignored":
            warnings.warn(str(violation), IgnoredParameterWarning, stacklevel=_caller_stacklevel())


def _refuse_extra_images(model: Model, fields: Mapping[str, Any]) -> None:
    """Refuse several images if the body can contain only one."""
    for name in model.single:
        if len(fields.get(name, ())) > 1:
            problem = f"{name} has {len(fields[name])} items; {model.name} takes one"
            raise InvalidRequestError(f"nothing was sent: {problem}. Leave out the others")


def _refuse_region(api: ApiTables, model: Model, region: str, call: str) -> None:
    """Refuse a call that the model does not offer in this region, which the body does not show."""
    if model.made_from and region not in api.fine_tuned.regions:
        offered = ", ".join(api.fine_tuned.regions)
        problem = (
            f"{model.name} is a fine-tuned model, and these are called in {offered} only, not in {region}"
        )
        raise InvalidRequestError(
            f"nothing was sent: {problem} (wire/fine_tuned). Use a key of such a region"
        )
    if api.regions[region].calls is None:  # undocumented: left to the service
        return
    offers = [name for name, entry in api.regions.items() if call in (entry.calls or {}).get(model.base, ())]
    if region not in offers and call in model.endpoints:
        problem = f"{model.name} takes no {call} call in region {region}; it does in {', '.join(offers)}"
        raise InvalidRequestError(f"nothing was sent: {problem} (wire/regions). Use a key of such a region")


def has_image(model: Model, arguments: CallArguments) -> bool:
    """Return whether a call has an image, in the list or as its own argument."""
    return bool(arguments.images) or any(
        arguments.parameters.get(name) is not None for name in model.single_images
    )


def missing_verb(model: Model, verb: str) -> str | None:
    """Return the message for a verb that the model does not have; None if it has it."""
    if verb in model.verbs:
        return None
    if verb == "generate" and "edit" in model.verbs:
        return f"{model.name} draws nothing from text alone; give it images"
    if verb == "edit" and "generate" in model.verbs:
        return f"{model.name} edits no images; leave them out and call generate"
    if verb == "stream":
        return f"{model.name} does not stream; it offers {' and '.join(model.endpoints)} calls"
    return f"{model.name} has no {verb}; it has {', '.join(model.verbs) or 'no verb'}"


def _restates(model: Model, arguments: CallArguments, violation: Violation) -> bool:
    """Return whether a violation gives the same reason as the message for a verb that the model lacks."""
    if arguments.verb == "stream":
        return violation.rule == _CALLS
    return arguments.verb == "generate" and violation.rule in {
        f"{model.file}/{name}.required" for name in model.images
    }


def _call_violations(model: Model, call: str) -> list[Violation]:
    """Return the violation for a call that the model does not offer; empty if it does."""
    if call in model.endpoints:
        return []
    return [Violation(_CALLS, "rejected", "/model", tuple(model.endpoints), call)]


def _unknown_parameters(model: Model, parameters: Mapping[str, Any]) -> list[Violation]:
    """Return a violation for each parameter that is not documented for the model."""
    unknown = RuleName(f"{model.file}/unknown", Hints(sizes=model.sizes))
    only_for = RuleName(f"{model.file}/only_for", Hints(instead=model.instead))
    unknown_names = [name for name in parameters if name not in model.fields or name in model.images]
    if not unknown_names:
        return []
    names = tuple(name for name in model.fields if name not in model.images)
    return [
        Violation(only_for, "unspecified", f"/{model.rest}/{name}", model.only_for[name], name)
        if name in model.only_for
        else Violation(unknown, "unspecified", f"/{model.rest}/{name}", names, name)
        for name in unknown_names
    ]


def _caller_stacklevel() -> int:
    """Return the stack level of the first frame outside this package."""
    package, level, frame = __name__.partition(".")[0], 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level
