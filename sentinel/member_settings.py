"""From the configuration to what the sentinels' agreement is made with."""

from __future__ import annotations

from config import Settings
from quorum.detector import Patience
from quorum.member_config import MemberConfig
from quorum.messages import HardState
from quorum.timing import Timing
from sentinel.election_line import Place
from sentinel.store import Store

GOSSIPS_MISSED = 3
"""An opinion counts until this many repetitions of it have not come."""


def member_config(
    name: str, settings: Settings, store: Store, state: HardState, place: Place
) -> MemberConfig:
    group, cluster = settings.groups[name], settings.cluster
    return MemberConfig(
        self_id=settings.sentinel.id,
        group=name,
        members=frozenset(cluster.members),
        quorum=group.effective_quorum(len(cluster.members)),
        patience=Patience(group.refused_after, group.down_after, group.loading_timeout),
        timing=Timing(
            heartbeat_s=cluster.heartbeat,
            election_min_s=cluster.election_timeout_min,
            election_max_s=cluster.election_timeout_max,
            lease_s=cluster.lease,
        ),
        opinion_ttl_s=GOSSIPS_MISSED * cluster.gossip_interval,
        boot=store.boot,
        crowd=place,
        unwritable_after_s=group.unwritable_after,
        vouched=store.vouched and (state.membership is not None or not store.untold),
        founder=store.founder,
    )


def cluster_secret(settings: Settings) -> bytes:
    secret = settings.cluster.secret
    return secret.get_secret_value().encode() if secret else b""
