"""One rule is taken out: does anything notice?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.mutations.mutation import Mutation, StaleError
from tests.mutations.scratch import TroubleError, breaking_seed, copied, failing_test, holds


@dataclass(frozen=True, slots=True)
class Result:
    """``test`` is a pytest node id, ``seed`` one of the simulator's and ``broken`` the rule that it names."""

    mutation: Mutation
    test: str | None = None
    seed: int | None = None
    broken: str = ""
    trouble: str = ""

    @property
    def caught(self) -> bool:
        return not self.trouble and (self.test is not None or self.seed is not None)

    @property
    def caught_by(self) -> str:
        """In Markdown."""
        by = []
        if self.test is not None:
            by.append(f"`{self.test.partition('::')[2].partition('[')[0]}`")
        if self.seed is not None:
            rule = self.broken.partition(":")[0]
            by.append(f"simulator, seed {self.seed} ({rule if len(rule) <= 20 else 'an acknowledged write'})")
        return "; ".join(by) or self.trouble or "**SURVIVED**"


def missed(mutation: Mutation, limit_s: float) -> Result:
    """Take the rule out, run the named tests, then the simulator. What went wrong is in the result."""
    test, found = None, None
    try:
        with copied(mutation) as copy:
            if mutation.tests:
                test = failing_test(copy, mutation.tests)
            if mutation.style and limit_s > 0:
                found = breaking_seed(copy, mutation.style, limit_s)
        if found is not None:
            with copied(None) as copy:
                if not holds(copy, found[0]):
                    return Result(mutation, test, trouble=f"seed {found[0]} fails in the product as it is")
    except (StaleError, TroubleError) as error:
        return Result(mutation, test, trouble=str(error))
    return Result(mutation, test, *(found or (None, "")))


def check_tests(mutations: Sequence[Mutation]) -> None:
    """With nothing taken out, the named tests pass: else their failure would show nothing."""
    tests = sorted({test for mutation in mutations for test in mutation.tests})
    with copied(None) as copy:
        failed = failing_test(copy, tests) if tests else None
    if failed is not None:
        raise TroubleError(f"{failed} fails in the product as it is")


def table(results: Sequence[Result]) -> str:
    """For docs/safety/mutations.md."""
    rows = [
        f"| {each.mutation.serves}: {each.mutation.rule} | `{each.mutation.file}` | {each.caught_by} |"
        for each in results
    ]
    return "\n".join(["| rule taken out | where | caught by |", "| --- | --- | --- |", *rows])
