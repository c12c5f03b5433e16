"""What can be told of a group, as typed answers."""
