"""The rate-distortion bench: live codecs over pictures, results as lines of JSON, reports from those.

Needs the extra `bench`. Nothing outside this package and `cli/bench.py` imports it.
"""
