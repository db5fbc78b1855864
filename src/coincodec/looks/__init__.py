"""What eyes see of a picture: how it is measured, and what a fit has to do about it (docs/looks.md)."""
