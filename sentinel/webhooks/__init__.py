"""Webhooks: which events become one, which sentinel delivers it, and the delivery."""
