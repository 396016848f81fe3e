"""Takes requests that create: judges them, and turns those that are accepted into work."""

from collections.abc import Mapping

from wanlib.base.redaction import redact_text
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.violation import Violation
from wanlib.emulator.api.job_spec import build_job_spec, collect_inputs
from wanlib.emulator.api.uploads import UploadStorage
from wanlib.emulator.api.validation import (
    Gate,
    ParsedBody,
    Terms,
    effective_values,
    referenced_files,
    validate_body,
    validate_files,
)
from wanlib.emulator.context import World
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import Route, Routes
from wanlib.emulator.core.vendor_errors import Refused, VendorError
from wanlib.emulator.jobs.job import Job, Outcome, decide_outcome
from wanlib.emulator.storage.rate_limits import end_time
from wanlib.emulator.storage.store import Upload
from wanlib.spec.source.annotated import parse_duration

_DOWNLOADED = ("http", "https")


class Desk:
    """Where work begins."""

    def __init__(self, world: World, routes: Routes, depot: UploadStorage) -> None:
        self._world = world
        self._gate = Gate(world, routes, depot)
        self._depot = depot
        timeouts = world.spec.wire["timeouts"]
        self._timeout = parse_duration(timeouts["internal"])
        self._timed_out = world.vendor.by_code(timeouts["internal_code"])

    def handle(
        self, request: Request, route: Route, request_id: str, fault: Fault | None
    ) -> tuple[Job, tuple[Violation, ...]]:
        """The work that a request becomes, and what it breaks all the same. Refused where it is not accepted.

        fault: what its work is to meet, if anything.
        """
        question, told, broken, files = self._gate.validate(request, route)
        seen = (*broken, *validate_body(self._world.spec, question, **self._terms()))
        if files:
            seen = (*seen, *self._file_violations(question, files, seen))
        if told:
            raise Refused(told[0], seen)
        self._raise_first(question, seen)
        self._check_quota(question.body["model"], route.call, seen)
        url = next(iter(referenced_files(self._world.spec, question, _DOWNLOADED)), "")
        if url and fault and fault.kind == "download" and fault.where != "after":
            code = fault.code or self._world.vendor.download["refused"]
            raise Refused(self._world.vendor.by_code(code, fault.message, redact_text(url)), seen)
        return self._create_job(question, seen, route, request_id, files, fault, url), seen

    def _terms(self) -> Terms:
        return {"local": self._world.settings.local_images, "now": self._world.clock.now()}

    def _file_violations(
        self, question: ParsedBody, files: Mapping[str, Upload], seen: tuple[Violation, ...]
    ) -> list[Violation]:
        """What the uploaded files break, beside what was seen without them."""
        pieces = {url: self._depot.read_upload(upload) for url, upload in files.items()}
        met = {(violation.rule, violation.path) for violation in seen}
        found = validate_files(self._world.spec, question, pieces, **self._terms())
        return [violation for violation in found if (violation.rule, violation.path) not in met]

    def _raise_first(self, question: ParsedBody, violations: tuple[Violation, ...]) -> None:
        """Refuse by the first rule whose breach is rejected."""
        for violation in violations:
            if violation.outcome == "rejected":
                raise Refused(self._vendor_message(violation, question, violations), violations)

    def _vendor_message(
        self, violation: Violation, question: ParsedBody, violations: tuple[Violation, ...]
    ) -> VendorError:
        rule = parse_rule_id(violation.rule)
        low = high = None
        if rule.kind in ("min", "max"):
            values = effective_values(self._world.spec, question, violations)
            low, high = (values.active_limit(rule.path, kind) for kind in ("min", "max"))
        return self._world.vendor.for_violation(violation, low, high)

    def _check_quota(self, model: str, call: str, violations: tuple[Violation, ...]) -> None:
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
        if world.quotas and not world.quotas.allow_submission(model, world.clock.wall()):
            raise Refused(world.vendor.lookup("too_many"), violations)

    def _create_job(
        self,
        question: ParsedBody,
        violations: tuple[Violation, ...],
        route: Route,
        request_id: str,
        files: Mapping[str, Upload],
        fault: Fault | None,
        url: str,
    ) -> Job:
        world, model = self._world, question.body["model"]
        values = effective_values(world.spec, question, violations)
        images = values.get(world.vendor.fields["images"])
        inputs = collect_inputs(images, values.reading, files, world.spool)
        order = build_job_spec(world, values, model, route.call, inputs)
        work = Job(
            world.new_id(),
            request_id,
            order,
            decide_outcome(order, fault, world.vendor, url),
            route.path,
            route.call == "async",
            *self._schedule(model, route.call),
        )
        if work.task and world.settings.working > self._timeout:
            work = work._replace(fate=Outcome(order.pictures, order.pictures, *self._timed_out))
        world.store.works.put(work.id, work)
        world.ledger.record_accepted(work)
        return work

    def _schedule(self, model: str, call: str) -> tuple[float, float, float]:
        """Submission, start and end. A synchronous call is over when it is answered.

        A task that works longer than the internal timeout ends then.
        """
        settings, now = self._world.settings, self._world.clock.wall()
        if call != "async":
            took = settings.waiting + settings.working if self._world.clock.waits else 0.0
            return now, now, now + took
        scheduled, working = now + settings.waiting, min(settings.working, self._timeout)
        if self._world.quotas:
            scheduled = self._world.quotas.reserve_slot(model, scheduled, working)
        return now, scheduled, end_time(scheduled, working)
