"""Makes a node a replica of the primary, or cuts it off from every primary (``Seal``).

The fence is only read: a write here would cost the node its partial resynchronisation.
"""

from __future__ import annotations

from promotion.conversation import StepFailedError
from promotion.fenced_session import FencedSession, Need, Part, Requests
from promotion.following import check_another, check_follows, check_known
from promotion.promoting import CUT_CLIENTS
from promotion.replies import read_fields
from promotion.reply_shapes import whole
from promotion.roles import ROLE
from promotion.step_types import SEAL_HOST, SEAL_PORT, Demoted, Repoint, Seal


def repoint(step: Repoint, session: FencedSession) -> Requests:
    """Only REPLICAOF is essential.

    A demoted node's offset is read in the transaction that ends its writes, so nothing can follow it. Its
    clients are disconnected, so that they look for the new primary.
    """
    yield from session.check()
    yield from check_another(step)
    yield from check_known(step.node, step.known)
    parts = [Part(("REPLICAOF", step.primary_host, step.primary_port)), Part(("CONFIG", "REWRITE"), Need.MAY)]
    if step.resume:
        parts.append(Part(("CLIENT", "UNPAUSE"), Need.MAY))
    if step.reason == "demote":
        parts = [Part(("INFO", "replication"), Need.MAY), *parts]
        parts += [Part(words, Need.MAY) for words in CUT_CLIENTS]
    replies = yield from session.transact(*parts)
    yield from check_follows(step, session.spelled(ROLE))
    return _demoted(replies[0]) if step.reason == "demote" else None


def seal(step: Seal, session: FencedSession) -> Requests:
    """It is not written to the configuration file: after a restart the node follows its primary again."""
    yield from session.check()
    if session.follows is None:
        raise StepFailedError(step.node, "is not a replica")
    yield from check_known(step.node, step.known)
    yield from session.transact(Part(("REPLICAOF", SEAL_HOST, SEAL_PORT)))


def _demoted(info: object) -> Demoted | None:
    if not isinstance(info, bytes):
        return None
    fields = read_fields(info)
    offset_bytes = whole(fields.get("master_repl_offset"))
    if fields.get("role") != "master" or offset_bytes is None:
        return None
    return Demoted(fields.get("master_replid", ""), offset_bytes)
