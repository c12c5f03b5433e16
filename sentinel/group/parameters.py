"""Turns the configuration into the parameters of the sentinels' agreement and of a leader's work."""

from __future__ import annotations

from config import GroupSettings, Settings
from promotion.candidates import Policy
from promotion.sealing import WriteRules
from promotion.step_types import WriteSafety
from promotion.work_settings import WorkSettings
from quorum.cluster import CLUSTER
from quorum.detector import Patience
from quorum.member_config import MemberConfig
from quorum.messages import HardState
from quorum.timing import Timing
from quorum.votes import majority
from sentinel.coordination.situation import CoordinatorConfig
from sentinel.group.election_line import Place
from sentinel.nodes.access import discovery_rules
from sentinel.process import this_process
from sentinel.process.event_loop import unread_s
from sentinel.process.loopback_secret import loopback_secret
from sentinel.state.store import Store

GOSSIPS_MISSED = 3
"""An opinion counts until this many repetitions of it have not come."""
NOTHING_TO_WATCH = Patience(1.0, 1.0, 1.0)


def member_config(
    name: str, group: GroupSettings, settings: Settings, store: Store, state: HardState, place: Place
) -> MemberConfig:
    cluster = settings.cluster
    return MemberConfig(
        self_id=settings.sentinel.id,
        group=name,
        members=frozenset(cluster.members),
        quorum=group.effective_quorum(len(cluster.members)),
        patience=Patience(group.refused_after, group.down_after, group.loading_timeout),
        timing=_timing(settings),
        opinion_ttl_s=GOSSIPS_MISSED * cluster.gossip_interval,
        boot=store.boot,
        ballot=this_process.NUMBER,
        crowd=place,
        late_s=unread_s,
        unwritable_after_s=group.unwritable_after,
        vouched=_is_vouched(store, state),
    )


def cluster_config(settings: Settings, store: Store, state: HardState) -> MemberConfig:
    """Of the cluster's own register, in which no node is watched."""
    members = frozenset(settings.cluster.members)
    return MemberConfig(
        self_id=settings.sentinel.id,
        group=CLUSTER,
        members=members,
        quorum=majority(len(members)),
        patience=NOTHING_TO_WATCH,
        timing=_timing(settings),
        opinion_ttl_s=GOSSIPS_MISSED * settings.cluster.gossip_interval,
        boot=store.boot,
        ballot=this_process.NUMBER,
        vouched=_is_vouched(store, state),
    )


def _timing(settings: Settings) -> Timing:
    cluster = settings.cluster
    return Timing(
        heartbeat_s=cluster.heartbeat,
        election_min_s=cluster.election_timeout_min,
        election_max_s=cluster.election_timeout_max,
        lease_s=cluster.lease,
    )


def _is_vouched(store: Store, state: HardState) -> bool:
    return store.vouched and (state.membership is not None or not store.untold)


def cluster_secret(settings: Settings) -> bytes:
    """Never empty. Raises LoopbackSecretError."""
    secret = settings.cluster.secret
    return secret.get_secret_value().encode() if secret else loopback_secret()


def coordinator_config(name: str, group: GroupSettings) -> CoordinatorConfig:
    policy = Policy(
        max_link_down_s=group.effective_max_link_down,
        max_age_s=2 * group.effective_info_interval + group.down_after,
        max_lag_bytes=group.max_lag_bytes,
    )
    safety = group.write_safety
    rules = WriteRules(
        safety=WriteSafety(safety.min_replicas, int(safety.max_lag)) if safety is not None else None,
        fence_wait=group.fence_wait,
        acknowledged_by=group.durability.wait if group.durability is not None else None,
        self_fence=group.self_fence,
    )
    work = WorkSettings(
        policy, group.parallel_syncs, group.failover_timeout, group.effective_ping_interval, rules=rules
    )
    # It may be spelled differently in the list of nodes, whose spelling is the name.
    asked = group.primary.place if group.primary else None
    told = [str(node.address) for node in group.nodes if node.address.place == asked]
    return CoordinatorConfig(name, work, told[0] if told else None, discovery_rules(group))
