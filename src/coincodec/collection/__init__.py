"""Many pictures at once: on all cores of a machine, or of a cluster.

plan.py says which pictures there are and store.py where their bytes lie; conversion.py what is done to one, work.py
how a worker does it. An engine (pool.py, cluster.py, here.py) has the workers, dispatch.py keeps them busy, run.py
writes the manifest, history.py spares what an earlier run did. budget.py finds the price of a bit that a budget leads
to.
"""
