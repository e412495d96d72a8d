"""What stands in a report on a chapter of lecture notes? Prose with figures that are computed when it is written."""
