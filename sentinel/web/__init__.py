"""HTTP: the API, the events, the page."""
