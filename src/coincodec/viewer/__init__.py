"""A page to look at .coin pictures: from a server on this machine alone, or as static files (docs/viewing.md)."""
