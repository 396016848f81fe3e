"""The share of the rules on a call that the types catch: `python -m tests.typing.share`."""

from typing import NamedTuple

from tests.typing.candidates import candidates
from wanlib.spec import Rule, Spec, load

_OF_THE_CALL = ("wire/model", "wire/endpoints")


class Share(NamedTuple):
    """Ids of rules. caught: by the types. built: no call of the client can break them, since it writes the
    envelope and puts each parameter in its place. left: to the check before a call is sent.
    """

    caught: frozenset[str]
    built: frozenset[str]
    left: frozenset[str]

    def __str__(self) -> str:
        rules = len(self.caught) + len(self.left)
        return (
            f"the types catch {len(self.caught)} of the {rules} rules that a call can break; "
            f"the client can't break another {len(self.built)}, and checks the rest before it sends"
        )


def share(spec: Spec) -> Share:
    """The rules on bodies and calls, parted. A rule is caught if a call that breaks it is refused for it."""
    rules = [rule for rule in spec.rules.values() if rule.scope == "body"]
    broken = {each for candidate in candidates(spec) for each in candidate.broken} | {"wire/model"}
    built = frozenset(rule.id for rule in rules if _built(rule))
    caught = frozenset(rule.id for rule in rules if rule.id in broken) - built
    return Share(caught, built, frozenset(rule.id for rule in rules) - caught - built)


def _built(rule: Rule) -> bool:
    return rule.kind == "place" or (rule.file == "wire.yaml" and rule.id not in _OF_THE_CALL)


if __name__ == "__main__":
    print(share(load()))
