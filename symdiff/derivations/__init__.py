"""How was this derivative found? Steps as data: forward, backward, update; each in terms of earlier quantities."""
