"""Every request of a failover, a switchover and a demotion, refused in every way: generated, not written by hand.

``recording`` runs each scenario undisturbed and keeps what was asked of which node; ``cases`` makes of each request
all that may become of it, once and for good; ``trial`` runs the scenario with that, and ``verdict`` judges it.
``python -m tests.simulation.refusals`` runs them all.
"""
