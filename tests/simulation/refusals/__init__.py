"""Every request of a failover, a switchover and a demotion, refused in every way: generated, not by hand.

``cases`` runs each scenario undisturbed, and makes of each request that was asked of a node all that may
become of it, once and for good; ``trial`` runs the scenario with that, and ``verdict`` judges it.
``python -m tests.simulation.refusals`` runs them all.
"""
