"""What a sentinel tells people: one typed event for each thing that happens, and those who tell it on."""
