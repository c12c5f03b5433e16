"""What becomes a webhook, who delivers it, and its delivery."""
