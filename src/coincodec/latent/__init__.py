"""The `latent` family: grids of integers and the small networks that code and show them (docs/latent.md)."""
