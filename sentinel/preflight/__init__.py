"""What would bite during a failover, looked for before there is one."""
