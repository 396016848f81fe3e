"""Handle requests that create jobs: validate them, and turn those that are accepted into jobs."""

from collections.abc import Mapping

from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import redact_text
from wanlib.base.violation import Violation
from wanlib.emulator.api.job_spec import build_job_spec, collect_inputs
from wanlib.emulator.api.uploads import UploadStorage
from wanlib.emulator.api.validation import (
    ParsedBody,
    RequestValidator,
    UrlOptions,
    effective_values,
    referenced_files,
    validate_body,
    validate_files,
)
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.core.fault import Fault
from wanlib.emulator.core.http_messages import Request
from wanlib.emulator.core.routes import Route, Routes
from wanlib.emulator.core.vendor_errors import RequestRefusedError, VendorError
from wanlib.emulator.jobs.job import Job, JobOutcome, decide_outcome
from wanlib.emulator.storage.rate_limits import end_time
from wanlib.emulator.storage.store import Upload
from wanlib.spec.source.annotated import parse_duration

_DOWNLOADED = ("http", "https")


class CreateHandler:
    """Creates jobs."""

    def __init__(self, context: EmulatorContext, routes: Routes, uploads: UploadStorage) -> None:
        """Create the handler of one emulator."""
        self._context = context
        self._validator = RequestValidator(context, routes, uploads)
        self._uploads = uploads
        timeouts = context.spec.wire["timeouts"]
        self._timeout = parse_duration(timeouts["internal"])
        self._timed_out = context.vendor.by_code(timeouts["internal_code"])

    def handle(
        self, request: Request, route: Route, request_id: str, fault: Fault | None
    ) -> tuple[Job, tuple[Violation, ...]]:
        """Create the job for a request.

        Args:
            request: The request.
            route: Its route.
            request_id: The id of its response.
            fault: The fault to inject into its job, or None.

        Returns:
            The job, and the rules that the request violates without being rejected.

        Raises:
            RequestRefusedError: The request is rejected.
        """
        parsed, errors, header_violations, files = self._validator.validate(request, route)
        violations = (*header_violations, *validate_body(self._context.spec, parsed, **self._url_options()))
        if files:
            violations = (*violations, *self._file_violations(parsed, files, violations))
        if errors:
            raise RequestRefusedError(errors[0], violations)
        self._raise_first(parsed, violations)
        self._check_quota(parsed.body["model"], route.call, violations)
        url = next(iter(referenced_files(self._context.spec, parsed, _DOWNLOADED)), "")
        if url and fault and fault.kind == "download" and fault.where != "after":
            code = fault.code or self._context.vendor.download["refused"]
            raise RequestRefusedError(
                self._context.vendor.by_code(code, fault.message, redact_text(url)), violations
            )
        return self._create_job(parsed, violations, route, request_id, files, fault, url), violations

    def _url_options(self) -> UrlOptions:
        return {"local": self._context.settings.local_images, "now": self._context.clock.wall()}

    def _file_violations(
        self, parsed: ParsedBody, files: Mapping[str, Upload], violations: tuple[Violation, ...]
    ) -> list[Violation]:
        """Return the violations of the uploaded files, except those already found without them."""
        contents = {url: self._uploads.read_upload(upload) for url, upload in files.items()}
        known = {(violation.rule, violation.path) for violation in violations}
        file_violations = validate_files(self._context.spec, parsed, contents, **self._url_options())
        return [violation for violation in file_violations if (violation.rule, violation.path) not in known]

    def _raise_first(self, parsed: ParsedBody, violations: tuple[Violation, ...]) -> None:
        """Refuse the request by the first violation whose outcome is `rejected`."""
        for violation in violations:
            if violation.outcome == "rejected":
                raise RequestRefusedError(self._vendor_message(violation, parsed, violations), violations)

    def _vendor_message(
        self, violation: Violation, parsed: ParsedBody, violations: tuple[Violation, ...]
    ) -> VendorError:
        rule = parse_rule_id(violation.rule)
        low = high = None
        if rule.kind in ("min", "max"):
            values = effective_values(self._context.spec, parsed, violations)
            low, high = (values.active_limit(rule.path, kind) for kind in ("min", "max"))
        return self._context.vendor.for_violation(violation, low, high)

    def _check_quota(self, model: str, call: str, violations: tuple[Violation, ...]) -> None:
        """Refuse a call that the region does not offer, and one over the rate of submissions."""
        context = self._context
        calls_by_model = context.spec.wire["regions"][context.region].get("calls")
        base = context.spec.base(model)
        is_offered = calls_by_model is None or call in calls_by_model.get(base, ())
        if base != model:
            is_offered = is_offered and context.region in context.spec.wire["fine_tuned"]["regions"]
        if not is_offered:
            rule = Violation("wire/regions", "rejected", "/model", context.region, model)
            raise RequestRefusedError(context.vendor.lookup("not_in_region"), (*violations, rule))
        if context.rate_limits and not context.rate_limits.allow_submission(model, context.clock.wall()):
            raise RequestRefusedError(context.vendor.lookup("too_many"), violations)

    def _create_job(
        self,
        parsed: ParsedBody,
        violations: tuple[Violation, ...],
        route: Route,
        request_id: str,
        files: Mapping[str, Upload],
        fault: Fault | None,
        url: str,
    ) -> Job:
        context, model = self._context, parsed.body["model"]
        values = effective_values(context.spec, parsed, violations)
        images = values.get(context.vendor.fields["images"])
        inputs = collect_inputs(images, values.decoded, files, context.blobs)
        spec = build_job_spec(context, values, model, route.call, inputs)
        job = Job(
            context.new_id(),
            request_id,
            spec,
            decide_outcome(spec, fault, context.vendor, url),
            route.path,
            route.call == "async",
            *self._schedule(model, route.call, fault),
        )
        if job.is_task and job.ended > job.submitted and context.settings.working > self._timeout:
            job = job._replace(outcome=JobOutcome(spec.picture_count, spec.picture_count, *self._timed_out))
        context.store.jobs.put(job.id, job)
        context.ledger.record_accepted(job)
        context.recorder.accept(context.recorded(job))
        return job

    def _schedule(self, model: str, call: str, fault: Fault | None) -> tuple[float, float, float]:
        """Return when a job is submitted, starts and ends. A synchronous call ends with its response.

        A task that runs longer than the internal timeout ends at that time.
        """
        settings, now = self._context.settings, self._context.clock.wall()
        if fault and fault.kind == "soon":
            return now, now, now
        if call != "async":
            seconds = settings.waiting + settings.working if self._context.clock.waits else 0.0
            return now, now, now + seconds
        scheduled, working = now + settings.waiting, min(settings.working, self._timeout)
        if self._context.rate_limits:
            scheduled = self._context.rate_limits.reserve_slot(model, scheduled, working)
        return now, scheduled, end_time(scheduled, working)
