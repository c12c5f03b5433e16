"""The notices of a sentinel: one typed event for each thing that happens, and the modules that show them."""
