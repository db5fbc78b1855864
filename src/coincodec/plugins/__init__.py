"""coincodec inside other libraries. Importing a module of this package registers the codec there."""
