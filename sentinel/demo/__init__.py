"""``vedette demo``: a failover on this machine, with real processes."""
