"""The figures of COIN's paper (Dupont et al. 2021), from runs of our own, beside the paper's numbers.

`studies` measures into a file of lines, `report` makes figures and tables of it.
"""
