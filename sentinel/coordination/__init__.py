"""One group's decisions: joins the agreement (``quorum``) to the leader's work (``promotion``). Pure."""
