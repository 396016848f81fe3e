"""The places of client, emulator and harness in which the tests of this folder inject faults.

A fault point is an attribute of a module or class, some of them private. They have public names here and
only here: after a change of the code's structure, this file changes and the tests stay as they are. Use:
`RECORD_ACCEPTED.inject(monkeypatch, replacement)`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from wan_conformance.lifecycle.load import callers as load_callers
from wan_conformance.lifecycle.load import service as load_service
from wan_conformance.lifecycle.mutation import client_checks, service_checks
from wan_conformance.lifecycle.mutation import run as mutation_run
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner
from wan_conformance.lifecycle.schedules.schedules import parse_schedule
from wan_conformance.lifecycle.schedules.transcript import transcript

from wanlib.client import core
from wanlib.client.drivers import http_adapter
from wanlib.client.journal.journal import Journal
from wanlib.client.network.limits import ConnectionState
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.live_calls import LiveCalls
from wanlib.client.protocol.service_clock import ServiceClock
from wanlib.client.protocol.timing import Backoff, Deadline, RateLimiter
from wanlib.client.results import download, result
from wanlib.client.sync_client import Client
from wanlib.client.tasks import billing, lifecycle, poller, resume, status, submit
from wanlib.client.tasks.poller import TaskPoller
from wanlib.emulator import Emulator, Job, emulator


class FaultPoint(NamedTuple):
    """One attribute that a test replaces.

    Attributes:
        owner: The module or class that has it.
        name: The attribute's name.
    """

    owner: Any
    name: str

    @property
    def original(self) -> Any:
        """The attribute's value without a fault."""
        return getattr(self.owner, self.name)

    def inject(self, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
        """Replace it until the end of the test."""
        monkeypatch.setattr(self.owner, self.name, value)


def _function(owner: Any, function: Callable[..., Any]) -> FaultPoint:
    return FaultPoint(owner, function.__name__)


def _property(owner: Any, attribute: Any) -> FaultPoint:
    return FaultPoint(owner, attribute.fget.__name__)


# The client: a create and its journal.
RESENDABLE_ERROR = _function(submit, submit.NotSentError)
"""The transport error after which a create is sent again."""
TRANSLATE_EXCEPTION = _function(http_adapter, http_adapter.translate_exception)
RECORD_ACCEPTED = _function(Journal, Journal.record_accepted)
RECORD_ENDED = _function(Journal, Journal.record_ended)
CLOSE_JOURNAL = _function(Journal, Journal.close)
SEND_SUBMIT = _function(lifecycle, lifecycle.send)
SEARCH_LOST = _function(resume, resume.search_lost_calls)
RESUME = _function(core.ClientCore, core.ClientCore.resume)
RECORD_OUTCOME = _function(billing, billing.record_outcome)
"""The write of what became of a call: a failure of the journal is returned, and not raised."""
SERVICE_OFFSET = _property(ServiceClock, ServiceClock.offset)
ACCEPT_CALL = _function(LiveCalls, LiveCalls.accept)
JOURNAL_ENTRY = _function(Journal, Journal.entry)

# The client: connections.
EXCHANGE_LIMITS = _function(http_adapter, http_adapter.ExchangeLimits)
FINISH_RESPONSE = _function(ConnectionState, ConnectionState.finish)
PICTURE_REQUEST = _function(core, core._picture_request)

# The client: waits, queries, cancels.
ADD_WATCH = _function(TaskPoller, TaskPoller.add)
HANDLE_STATUS = _function(TaskPoller, TaskPoller._handle_status)
PARSE_SNAPSHOT = _function(poller, poller.parse_task_status)
CHECK_TASK_ID = _function(status, status.check_task_id)
GET_TASK = _function(core, core.get_task)
CANCEL_TASK = _function(core, core.cancel_task)
CLIENT_CANCEL = _function(Client, Client.cancel)
CLIENT_WAIT = _function(Client, Client.wait)
DEADLINE_REMAINING = _property(Deadline, Deadline.remaining)
DEADLINE_PERMITS = _function(Deadline, Deadline.permits_wait)
ATTEMPTS = _property(ClientContext, ClientContext.attempts)
BACKOFF_WAIT = _function(Backoff, Backoff.wait)
RESERVE_MOMENT = _function(RateLimiter, RateLimiter.reserve)

# The client: results.
GONE_STATUSES = FaultPoint(download, "_GONE_STATUSES")
RETRYABLE_STATUSES = FaultPoint(download, "_RETRYABLE_STATUSES")
PARSE_PARTS = _function(result, result.parse_parts)

# The emulator.
HANDLE_REQUEST = _function(Emulator, Emulator.handle)
JOB_STATUS = _function(Job, Job.status)
LIFECYCLE_FROM_SPEC = _function(emulator, emulator.lifecycle_from_spec)

# The harness, where its own checks are weakened.
MUTANTS = _function(mutation_run, mutation_run.mutants)
SERVICE_PROBLEMS = _function(mutation_run, mutation_run.service_problems)
READ_EQUIVALENT = _function(mutation_run, mutation_run.read_equivalent_mutants)
CLIENT_CHECKS = FaultPoint(client_checks, "CLIENT_CHECKS")
EXPECTED_STATUS = _function(service_checks.SampleTask, service_checks.SampleTask.expected_status)
LOAD_FAULTS = FaultPoint(load_service, "FAULTS")
LOAD_FAULT_RATE = FaultPoint(load_service, "FAULT_RATE")
LOAD_TIMEOUT = FaultPoint(load_callers, "CALL_TIMEOUT")


def violated(runner: ScenarioRunner, name: str) -> str:
    """Run the schedule of this name, check that it violates an invariant, and return its transcript."""
    result = runner.run(parse_schedule(name))
    assert result.violations, transcript(result)
    return transcript(result)
