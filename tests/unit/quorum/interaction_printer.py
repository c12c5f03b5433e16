"""How messages, effects and states read in an interaction script: stable, and short enough for a line.

An entry is ``term/seq{primary=node@term}``, with ``intent=node`` while a leader is about to promote it; the
term behind the node is that of the topology, its fencing token.
"""

from __future__ import annotations

from collections.abc import Iterable

from quorum.effects import Committed, Elected, Event, OdownChanged, OpinionChanged, Persist, SteppedDown
from quorum.membership import Membership
from quorum.messages import (
    About,
    Append,
    AppendReply,
    Entry,
    EntryId,
    HardState,
    Message,
    Opinion,
    Opinions,
    Part,
    PreVoteReply,
    PreVoteRequest,
    Resign,
    VoteReply,
    VoteRequest,
)


def id_text(entry_id: EntryId) -> str:
    term, seq = entry_id
    return f"{term}/{seq}"


def entry_text(entry: Entry) -> str:
    topology, intent = entry.topology, entry.intent
    parts = [f"primary={topology.primary}@{topology.term}"] if topology else []
    parts += [f"intent={intent.target}"] if intent else []
    return f"{id_text(entry.id)}{{{' '.join(parts)}}}"


def opinion_text(opinion: Opinion) -> str:
    return f"{opinion.node}={opinion.grade.value if opinion.down else 'up'}"


def names_text(names: Iterable[str]) -> str:
    return ",".join(sorted(names)) or "-"


def _verdict(granted: bool, reason: str) -> str:
    return "granted" if granted else f"refused: {reason}"


def message_text(message: Message) -> str:
    match message:
        case PreVoteRequest(term, entry_id, under=under):
            return f"PreVote term={term} entry={id_text(entry_id)}{_under(under)}"
        case PreVoteReply(term, granted, reason):
            return f"PreVoteReply term={term} {_verdict(granted, reason)}"
        case VoteRequest(term, entry_id, under=under):
            return f"Vote term={term} entry={id_text(entry_id)}{_under(under)}"
        case VoteReply(term, granted, reason):
            return f"VoteReply term={term} {_verdict(granted, reason)}"
        case Append(term, round_, entry, committed_id):
            carried = f" entry={entry_text(entry)}" if entry else ""
            return f"Append term={term} round={round_}{carried} committed={id_text(committed_id)}"
        case AppendReply(term, round_, entry_id):
            return f"AppendReply term={term} round={round_} stored={id_text(entry_id)}"
        case Resign(term, retry_after_ms, reason):
            why = f" reason={reason!r}" if reason else ""
            return (
                f"Resign term={term}" + (f" retry_after={retry_after_ms}ms" if retry_after_ms else "") + why
            )
        case Opinions(boot, seq, opinions, committed, about=about):
            said = "".join(f" {opinion_text(opinion)}" for opinion in opinions)
            return f"Opinions no={boot}.{seq}{said} committed={entry_text(committed)}{_about(about)}"


def _under(membership: Membership | None) -> str:
    """Once the members have been changed."""
    if membership is None or not membership.epoch:
        return ""
    former = f" and {names_text(membership.former)}" if membership.former else ""
    return f" under={names_text(membership.voters)}{former}"


def _about(about: About | None) -> str:
    """What an ordinary voter among the first members has to say of itself goes without saying."""
    if about is None:
        return ""
    part = f" part={about.part}" if about.part != Part.VOTER else ""
    answers = "".join(f" answers={peer}:{boot}.{seq}" for peer, boot, seq in about.answers or ())
    return f"{_under(about.under)}{part}{' asks' if about.asks else ''}{answers}"


def event_text(event: Event) -> str:
    match event:
        case Elected(term, reasons, entry):
            return f"event elected term={term} for={names_text(reasons)} inherits={entry_text(entry)}"
        case SteppedDown(term, reason):
            return f"event stepped down term={term}: {reason}"
        case Committed(entry):
            return f"event committed {entry_text(entry)}"
        case OpinionChanged(opinion):
            return f"event opinion {opinion_text(opinion)}"
        case OdownChanged(node, down, agree):
            return (
                f"event {'objectively down' if down else 'no longer down'} {node} agree={names_text(agree)}"
            )


def persist_text(persist: Persist, disk: HardState) -> str:
    """What is new in it, against what is on ``disk``."""
    return f"persist{' (lazily)' if persist.lazy else ''} {_changes(disk, persist.state)}"


def _changes(old: HardState, new: HardState) -> str:
    parts = [f"term={new.term}"] if new.term != old.term else []
    if new.term != old.term or new.voted_for != old.voted_for:
        parts.append(f"voted={new.voted_for or '-'}")
    if new.membership != old.membership and (under := _under(new.membership)):
        parts.append(under.strip())
    if new.entry != old.entry:
        parts.append(f"entry={entry_text(new.entry)}")
    if new.committed != old.committed:
        parts.append(f"committed={id_text(new.committed.id)}")
    return " ".join(parts) or "nothing new"


def state_text(state: HardState) -> str:
    return (
        f"term={state.term} voted={state.voted_for or '-'} entry={entry_text(state.entry)} "
        f"committed={entry_text(state.committed)}"
    )
