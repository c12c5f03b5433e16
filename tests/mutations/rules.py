"""Every safety rule that is taken out, one at a time."""

from __future__ import annotations

from tests.mutations.mutation import Mutation
from tests.mutations.rules_agreement import AGREEMENT
from tests.mutations.rules_cluster import CLUSTER
from tests.mutations.rules_data import DATA
from tests.mutations.rules_detect import DETECT
from tests.mutations.rules_detection import DETECTION
from tests.mutations.rules_directives import DIRECTIVES
from tests.mutations.rules_discovery import DISCOVERY
from tests.mutations.rules_disk import DISK
from tests.mutations.rules_identity import IDENTITY
from tests.mutations.rules_leading import LEADING
from tests.mutations.rules_members import MEMBERS
from tests.mutations.rules_overload import OVERLOAD
from tests.mutations.rules_promotion import PROMOTION
from tests.mutations.rules_refusals import REFUSALS
from tests.mutations.rules_steps import STEPS
from tests.mutations.rules_surface import SURFACE
from tests.mutations.rules_touch import TOUCH
from tests.mutations.rules_usable import USABLE
from tests.mutations.rules_watching import WATCHING
from tests.mutations.rules_writes import WRITES

MUTATIONS: tuple[Mutation, ...] = (
    *AGREEMENT,
    *DISK,
    *LEADING,
    *MEMBERS,
    *CLUSTER,
    *DETECTION,
    *DETECT,
    *PROMOTION,
    *WRITES,
    *DIRECTIVES,
    *DISCOVERY,
    *IDENTITY,
    *DATA,
    *STEPS,
    *REFUSALS,
    *USABLE,
    *TOUCH,
    *OVERLOAD,
    *SURFACE,
    *WATCHING,
)
