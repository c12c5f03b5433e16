"""One group's decisions: connects the agreement (``quorum``) with the leader's work (``promotion``). Pure."""
