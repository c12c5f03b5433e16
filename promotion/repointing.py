"""Making a node a replica: of the primary, or of nobody (``Seal``).

The fence is only read: writing it here would cost the node its partial resynchronisation.
"""

from __future__ import annotations

from promotion.conversation import StepFailedError
from promotion.following import check_another, check_follows, check_known
from promotion.handover import read_fields
from promotion.promoting import CUT_CLIENTS
from promotion.reply_shapes import whole
from promotion.roles import ROLE
from promotion.step_types import SEAL_HOST, SEAL_PORT, Demoted, Repoint, Seal
from promotion.talk import Asking, Need, Part, Talk


def repoint(step: Repoint, talk: Talk) -> Asking:
    """Only REPLICAOF is essential. How far a demoted node got is read in the transaction that ends its
    writes, so nothing can be added behind.

    The clients of a demoted node are cut, so that they look for the new primary.
    """
    yield from talk.check()
    yield from check_another(step)
    yield from check_known(step.node, step.known)
    parts = [Part(("REPLICAOF", step.primary_host, step.primary_port)), Part(("CONFIG", "REWRITE"), Need.MAY)]
    if step.resume:
        parts.append(Part(("CLIENT", "UNPAUSE"), Need.MAY))
    if step.reason == "demote":
        parts = [Part(("INFO", "replication"), Need.MAY), *parts]
        parts += [Part(words, Need.MAY) for words in CUT_CLIENTS]
    replies = yield from talk.transact(*parts)
    yield from check_follows(step, talk.spelled(ROLE))
    return _demoted(replies[0]) if step.reason == "demote" else None


def seal(step: Seal, talk: Talk) -> Asking:
    """Not written to its configuration: a node that restarts follows as it did before."""
    yield from talk.check()
    if talk.follows is None:
        raise StepFailedError(step.node, "is not a replica")
    yield from check_known(step.node, step.known)
    yield from talk.transact(Part(("REPLICAOF", SEAL_HOST, SEAL_PORT)))


def _demoted(info: object) -> Demoted | None:
    if not isinstance(info, bytes):
        return None
    fields = read_fields(info)
    offset_bytes = whole(fields.get("master_repl_offset"))
    if fields.get("role") != "master" or offset_bytes is None:
        return None
    return Demoted(fields.get("master_replid", ""), offset_bytes)
