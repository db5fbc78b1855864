"""What eyes see of a picture, and how it is measured."""
