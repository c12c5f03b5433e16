"""The links between sentinels: who is in touch, and what was heard of each."""
