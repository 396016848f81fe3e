"""A program in any language as a validator: `exec:COMMAND`, one process that answers line by line.

The protocol is JSON Lines in ASCII. Each question is one line with the members `id`, `call` and `body` of a
case (`wan-conformance cases`), where `id` is a number as text. Each answer is one line: the return value of
a function validator, as JSON. An answer that is an object may repeat the `id`, which is then checked. At the
end stdin is closed.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections import deque
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread
from typing import IO

from wan_conformance.targets.server.target import dump_large_json
from wan_conformance.targets.validator.answers import AnswerError
from wan_conformance.targets.validator.functions import ValidatorLoadError
from wanlib.base.redaction import safe_repr
from wanlib.boundary.case import Question

_MAX_ANSWER = 1 << 20
_MAX_STARTS = 20
"""Maximum number of times that a program is started; after that it gets no further questions."""
_MAX_SILENCES = 3
"""Maximum number of questions that may time out; each takes the whole timeout."""
_GRACE = 1.0
"""Seconds for the pipes of an ended program: a process that it left behind can hold them open."""


class ProgramValidator:
    """A program that answers questions on stdin by lines on stdout, started again after it failed.

    Attributes:
        claims: Always empty: a program declares no rules.
    """

    claims: tuple[str, ...] = ()

    def __init__(self, command: str, timeout: float) -> None:
        """Prepare a program; it starts with the first question.

        Args:
            command: The program and its arguments, split as a shell splits words; no shell is involved.
            timeout: The maximum time for one answer, in seconds.

        Raises:
            ValidatorLoadError: The command cannot be split into words, or the program does not exist.
        """
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise ValidatorLoadError(f"the command {safe_repr(command)} has an error: {error}") from None
        if not self._words:
            raise ValidatorLoadError("exec: needs a command, such as 'exec:node validator.js'")
        if shutil.which(self._words[0]) is None:
            raise ValidatorLoadError(f"exec: the program {safe_repr(self._words[0])} does not exist")
        self._timeout = timeout
        self._process: _Process | None = None
        self._starts = self._silences = self._number = 0
        self._failure = ""

    def answer(self, question: Question) -> object:
        """Return the answer of the program as JSON, without its id.

        Raises:
            AnswerError: The program does not start, ended, does not answer, or its answer is not one line of
                JSON.
        """
        try:
            body = dump_large_json(question.body)
        except (ValueError, RecursionError):
            return {"skip": "no JSON that every program can read expresses this"}
        if self._starts >= _MAX_STARTS or self._silences >= _MAX_SILENCES:
            raise AnswerError(f"is not asked again after too many failures; the last: {self._failure}")
        self._number += 1
        head = json.dumps({"id": str(self._number), "call": question.call}, separators=(",", ":"))
        try:
            return self._exchange(head[:-1].encode() + b',"body":' + body + b"}\n")
        except AnswerError as error:
            self._failure = str(error)
            self.close()
            raise

    def _exchange(self, line: bytes) -> object:
        process = self._running()
        if surplus := process.waiting_line():
            raise AnswerError(f"answered an earlier question twice: {_shown(surplus)}")
        process.send(line)
        try:
            answer = process.next_line(self._timeout)
        except Empty:
            self._silences += 1
            raise AnswerError(f"gave no answer within {self._timeout:g} s") from None
        if not answer:
            raise AnswerError(process.end(self._timeout))
        return self._parsed(answer)

    def _running(self) -> "_Process":
        if self._process is None:
            self._starts += 1
            self._process = _Process(self._words)
        return self._process

    def _parsed(self, line: bytes) -> object:
        if len(line) >= _MAX_ANSWER:
            raise AnswerError(f"answered with a line of more than {_MAX_ANSWER:,} bytes")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise AnswerError(f"answered {_shown(line)}, which is not JSON") from None
        if isinstance(answer, dict) and "id" in answer:
            number = answer.pop("id")
            if number != str(self._number):
                raise AnswerError(
                    f"answered question {safe_repr(number)}, expected an answer to {self._number}"
                )
        return answer

    def finish(self) -> str | None:
        """End the program and return the problem of an answer without a question; None if there is none."""
        if self._process is None:
            return None
        surplus = self._process.rest(self._timeout)
        self.close()
        return f"answered without a question at the end: {_shown(surplus)}" if surplus else None

    def close(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process = None


class _Process:
    """A running program. Three threads read and write its pipes, so that none of them fills up."""

    def __init__(self, words: list[str]) -> None:
        try:
            self._popen = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise AnswerError(f"cannot be started: {error.strerror}") from None
        self._questions: Queue[bytes | None] = Queue()
        self._answers: Queue[bytes] = Queue()
        self._messages: deque[bytes] = deque(maxlen=1)
        self._threads = [
            Thread(target=target, args=(pipe,), daemon=True)
            for target, pipe in (
                (self._write, self._popen.stdin),
                (self._read, self._popen.stdout),
                (self._read_messages, self._popen.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:  # it may end, or be killed, before it has read all
            while (line := self._questions.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while line := pipe.readline(_MAX_ANSWER):
                self._answers.put(line)
        self._answers.put(b"")

    def _read_messages(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while line := pipe.readline(_MAX_ANSWER):
                if line.strip():
                    self._messages.append(line)

    def send(self, line: bytes) -> None:
        """Send a question."""
        self._questions.put(line)

    def waiting_line(self) -> bytes:
        """Return a line that was already received; empty if there is none, or the program has ended."""
        try:
            line = self._answers.get_nowait()
        except Empty:
            return b""
        if not line:
            self._answers.put(line)  # the end is reported by the next question
        return line

    def next_line(self, timeout: float) -> bytes:
        """Return the next line; empty at the end. Raises queue.Empty after `timeout` seconds."""
        return self._answers.get(timeout=timeout)

    def end(self, timeout: float) -> str:
        """Return how the program ended, with its last line on stderr."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout)
        self._threads[-1].join(timeout)
        code = self._popen.returncode
        text = (
            "closed its output"
            if code is None
            else f"was ended by signal {-code}"
            if code < 0
            else f"ended with exit code {code}"
        )
        return f"{text}: {_shown(self._messages[0])}" if self._messages else text

    def rest(self, timeout: float) -> bytes:
        """Close stdin and return the first line that comes after the last answer; empty if there is none."""
        self._questions.put(None)
        with suppress(Empty):
            return self._answers.get(timeout=timeout)
        return b""

    def kill(self) -> None:
        """End the process and those that it started."""
        self._questions.put(None)
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._popen.pid, signal.SIGKILL)
            else:
                self._popen.kill()
        self._popen.wait()
        for thread in self._threads:
            thread.join(_GRACE)


def _shown(line: bytes) -> str:
    """Return a line for a message: short, and without secrets."""
    return safe_repr(line.decode("utf-8", "replace").strip())
