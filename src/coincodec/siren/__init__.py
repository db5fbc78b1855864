"""The `siren` family: COIN (Dupont et al. 2021). The file is the weights of a small sine network."""
