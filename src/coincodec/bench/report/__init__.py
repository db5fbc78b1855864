"""From results to a page, plots and tables that others' tools read."""
