"""The environment of stateful sessions: creates them, replays a script, and shrinks a failing one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import JournalReader, tmpfs_folder
from wan_conformance.lifecycle.stateful.service import RespxNetwork
from wan_conformance.lifecycle.stateful.session import StatefulSession
from wan_conformance.lifecycle.stateful.steps import StepScript, parse_script


class Environment(NamedTuple):
    """One journal, one loop and one network for all sessions.

    Attributes:
        journal: The journal, empty between sessions.
        loop: Runs asynchronous clients.
        network: Between client and service.
    """

    journal: JournalReader
    loop: SimulatedEventLoop
    network: RespxNetwork

    def new_session(self, client: str, pace: str) -> StatefulSession:
        """Create a session, which must be closed before the next one."""
        return StatefulSession(client, pace, self.journal, self.loop, self.network)

    def replay(self, script: StepScript, with_end: bool = True) -> StatefulSession:
        """Execute a script in a new session, up to the first violation.

        Args:
            script: The steps.
            with_end: Whether to end all tasks and check that every intent has ended.
        """
        session = self.new_session(script.client, script.pace)
        try:
            for step in script.steps:
                session.execute(step)
                if session.violations:
                    break
            if with_end and not session.violations:
                session.finish()
        finally:
            session.close()
        return session

    def shrink(self, session: StatefulSession) -> StatefulSession:
        """Return a session with fewer steps that violates the same invariant; long stretches go first."""
        with_end, size = session.calls[-1].is_last, len(session.script.steps)
        invariant = session.violations[0].invariant
        while size:
            start = 0
            while start < len(session.script.steps):
                steps = session.script.steps
                script = session.script._replace(steps=(*steps[:start], *steps[start + size :]))
                shorter = self.replay(script, with_end)
                if shorter.violations and shorter.violations[0].invariant == invariant:
                    session = shorter
                else:
                    start += size
            size //= 2
        return session


@contextmanager
def environment() -> Iterator[Environment]:
    """Yield an environment with a folder in memory, since each session writes a journal."""
    with tmpfs_folder() as folder:
        made = Environment(JournalReader(folder), SimulatedEventLoop(), RespxNetwork())
        try:
            yield made
        finally:
            made.journal.close()
            made.loop.close()


def replay(name: str) -> tuple[str, bool]:
    """Execute a script by its id.

    Returns:
        The transcript, and whether all invariants hold.

    Raises:
        ValueError: The text is not an id.
    """
    script = parse_script(name)
    with environment() as made:
        session = made.replay(script)
    return full_transcript(session), not session.violations


def full_transcript(session: StatefulSession) -> str:
    """Return the transcript of a session with its id and its verdict."""
    verdict = [] if session.violations else ["all invariants hold"]
    return "\n".join([f"session {session.script}", *session.transcript.lines, *verdict])
