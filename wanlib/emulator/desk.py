"""Takes requests that create: judges them, and turns those that are accepted into work."""

from collections.abc import Mapping

from wanlib.base.rule_id import parse_rule_id
from wanlib.base.shown import safe_text
from wanlib.base.violation import Violation
from wanlib.emulator.depot import Depot
from wanlib.emulator.exchange import Request
from wanlib.emulator.fate import fated
from wanlib.emulator.fault import Fault
from wanlib.emulator.gate import Gate
from wanlib.emulator.inputs import read_inputs
from wanlib.emulator.judging import Question, Terms, judge, judge_files, named_files, read_values
from wanlib.emulator.ordering import make_order
from wanlib.emulator.quotas import end_of
from wanlib.emulator.routes import Route, Routes
from wanlib.emulator.store import Upload
from wanlib.emulator.vendor import Refused, Told
from wanlib.emulator.work import Fate, Work
from wanlib.emulator.world import World
from wanlib.spec.span import seconds

_DOWNLOADED = ("http", "https")


class Desk:
    """Where work begins."""

    def __init__(self, world: World, routes: Routes, depot: Depot) -> None:
        self._world = world
        self._gate = Gate(world, routes, depot)
        self._depot = depot
        timeouts = world.spec.wire["timeouts"]
        self._timeout = seconds(timeouts["internal"])
        self._timed_out = world.vendor.of_code(timeouts["internal_code"])

    def take(
        self, request: Request, route: Route, request_id: str, fault: Fault | None
    ) -> tuple[Work, tuple[Violation, ...]]:
        """The work that a request becomes, and what it breaks all the same. Refused where it is not accepted.

        fault: what its work is to meet, if anything.
        """
        question, told, broken, files = self._gate.pass_in(request, route)
        seen = (*broken, *judge(self._world.spec, question, **self._terms()))
        if files:
            seen = (*seen, *self._by_files(question, files, seen))
        if told:
            raise Refused(told[0], seen)
        self._check(question, seen)
        self._check_account(question.body["model"], route.call, seen)
        url = next(iter(named_files(self._world.spec, question, _DOWNLOADED)), "")
        if url and fault and fault.kind == "download" and fault.where != "after":
            code = fault.code or self._world.vendor.download["refused"]
            raise Refused(self._world.vendor.of_code(code, fault.message, safe_text(url)), seen)
        return self._accept(question, seen, route, request_id, files, fault, url), seen

    def _terms(self) -> Terms:
        return {"local": self._world.settings.local_images, "now": self._world.clock.now()}

    def _by_files(
        self, question: Question, files: Mapping[str, Upload], seen: tuple[Violation, ...]
    ) -> list[Violation]:
        """What the uploaded files break, beside what was seen without them."""
        pieces = {url: self._depot.bytes_of(upload) for url, upload in files.items()}
        met = {(violation.rule, violation.path) for violation in seen}
        found = judge_files(self._world.spec, question, pieces, **self._terms())
        return [violation for violation in found if (violation.rule, violation.path) not in met]

    def _check(self, question: Question, violations: tuple[Violation, ...]) -> None:
        """Refuse by the first rule whose breach is rejected."""
        for violation in violations:
            if violation.outcome == "rejected":
                raise Refused(self._words(violation, question, violations), violations)

    def _words(self, violation: Violation, question: Question, violations: tuple[Violation, ...]) -> Told:
        rule = parse_rule_id(violation.rule)
        low = high = None
        if rule.kind in ("min", "max"):
            values = read_values(self._world.spec, question, violations)
            low, high = (values.bound(rule.path, kind) for kind in ("min", "max"))
        return self._world.vendor.refusal(violation, low, high)

    def _check_account(self, model: str, call: str, violations: tuple[Violation, ...]) -> None:
        """Whether the region offers the call, and the rate of submissions."""
        world = self._world
        offers = world.spec.wire["regions"][world.region].get("calls")
        base = world.spec.base(model)
        offered = offers is None or call in offers.get(base, ())
        if base != model:
            offered = offered and world.region in world.spec.wire["fine_tuned"]["regions"]
        if not offered:
            rule = Violation("wire/regions", "rejected", "/model", world.region, model)
            raise Refused(world.vendor.lookup("not_in_region"), (*violations, rule))
        if world.quotas and not world.quotas.submit(model, world.clock.wall()):
            raise Refused(world.vendor.lookup("too_many"), violations)

    def _accept(
        self,
        question: Question,
        violations: tuple[Violation, ...],
        route: Route,
        request_id: str,
        files: Mapping[str, Upload],
        fault: Fault | None,
        url: str,
    ) -> Work:
        world, model = self._world, question.body["model"]
        values = read_values(world.spec, question, violations)
        images = values.get(world.vendor.fields["images"])
        inputs = read_inputs(images, values.reading, files, world.spool)
        order = make_order(world, values, model, route.call, inputs)
        work = Work(
            world.new_id(),
            request_id,
            order,
            fated(order, fault, world.vendor, url),
            route.path,
            route.call == "async",
            *self._times(model, route.call),
        )
        if work.task and world.settings.working > self._timeout:
            work = work._replace(fate=Fate(order.pictures, order.pictures, *self._timed_out))
        world.store.works.put(work.id, work)
        world.ledger.accept(work)
        return work

    def _times(self, model: str, call: str) -> tuple[float, float, float]:
        """Submission, start and end. A synchronous call is over when it is answered.

        A task that works longer than the internal timeout ends then.
        """
        settings, now = self._world.settings, self._world.clock.wall()
        if call != "async":
            took = settings.waiting + settings.working if self._world.clock.waits else 0.0
            return now, now, now + took
        scheduled, working = now + settings.waiting, min(settings.working, self._timeout)
        if self._world.quotas:
            scheduled = self._world.quotas.start(model, scheduled, working)
        return now, scheduled, end_of(scheduled, working)
