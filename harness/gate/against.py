"""Figures of two times or places against each other, case by case: a baseline and now, or two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .baseline import Baseline
from .figures import Figures, Key, beyond, case_name, changes
from .verdict import CaseVerdict

if TYPE_CHECKING:
    from .speeds import Times


def compared(old: Baseline, new: Baseline, exactly: bool) -> list[CaseVerdict]:
    """A verdict on every case of either.

    Args:
        old, new: what is compared.
        exactly: whether figures of different environments are compared like others; else they are undecided, unless
            worse than another environment explains.
    """
    return [compared_case(old, new, key, exactly) for key in sorted(old.cases.keys() | new.cases.keys())]


def compared_case(old: Baseline, new: Baseline, key: Key, exactly: bool) -> CaseVerdict:
    """The verdict on one case."""
    verdict = CaseVerdict(case_name(key))
    if is_one_sided(verdict, old, new, key):
        return verdict
    before, after = old.cases[key], new.cases[key]
    if others := _other_inputs(old, new, before, after):
        verdict.add("undecided", [f"measured on other inputs: {others}"])
    elif not exactly and (elsewhere := old.other_environment(key, new)):
        worse = beyond(before, after)
        same = "the results are the same, bit for bit" if before.digest == after.digest else "no worse than that explains"
        verdict.add("worse" if worse else "undecided", [f"{each}, more than another environment explains" for each in worse])
        verdict.add("undecided", [f"another environment: {elsewhere}" + ("" if worse else f" ({same})")])
    else:
        worse, better = changes(before, after)
        verdict.add("worse" if worse else "better" if better else "ok", worse + better)
        if not worse and not better and before.digest != after.digest:
            verdict.add("ok", ["other bits, none better or worse"])
    return verdict


def is_one_sided(verdict: CaseVerdict, old: Baseline | Times, new: Baseline | Times, key: Key) -> bool:
    """Whether only one of the two has a case; the verdict then says which, and why the other has not, where that is known."""
    if key in old.cases and key in new.cases:
        return False
    gone = key in old.cases
    verdict.add("disappeared" if gone else "appeared", filter(None, [(new if gone else old).failed.get(key)]))
    return True


def _other_inputs(old: Baseline, new: Baseline, before: Figures, after: Figures) -> str:
    """How the inputs differ, in words; empty where they are the same."""
    if (before.inputs, before.exhaustive) != (after.inputs, after.exhaustive):
        return f"{before.inputs:,} before, {after.inputs:,} now"
    if not after.exhaustive and old.seed != new.seed:
        return f"samples of seed {old.seed} before, {new.seed} now"
    return ""
