"""Makes the parts of the documents that come from the code, and the site."""
