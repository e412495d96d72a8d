"""How is somebody's step of an optimizer compared with the published rule? ``check_optimizer`` answers."""
