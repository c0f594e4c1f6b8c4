"""Answers questions that tasks ask at the same time by one call for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from shared.delivery.guard import Bug, guarded_call
from shared.delivery.ports import TransientError

Q = TypeVar("Q")
A = TypeVar("A")


class Question(Generic[Q, A]):
    """What one task asks; whether a call has taken it; and the answer, in a list of one, if it has brought one."""

    def __init__(self, asked: Q) -> None:
        self.asked = asked
        self.is_taken = False
        self.answers: list[A] = []


class Together(Generic[Q, A]):
    """Asks at once what comes alone, and in one call all that came while the call before was on its way.

    An answer is never older than its question. Whoever gets none with the others, for whatever reason, asks alone: so
    a question that cannot be answered costs the others a call, not their answers.

    Args:
        answer: Returns the answers to questions, in their order.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self.answer = answer
        self.waiting: list[Question[Q, A]] = []
        self.turn = asyncio.Lock()

    async def ask(self, asked: Q) -> A:
        """Return the answer; raises what *answer* raises of this question alone."""
        question: Question[Q, A] = Question(asked)
        self.waiting.append(question)
        async with self.turn:
            if not question.is_taken:
                await self.answer_waiting()
        return question.answers[0] if question.answers else (await self.answer([asked]))[0]

    async def answer_waiting(self) -> None:
        """Answer all that wait, if one call can."""
        questions, self.waiting = self.waiting, []
        for question in questions:
            question.is_taken = True
        together = await guarded_call(partial(self.answer, [each.asked for each in questions]), TransientError)
        if not isinstance(together, Bug):
            for question, answer in zip(questions, together, strict=True):
                question.answers.append(answer)
