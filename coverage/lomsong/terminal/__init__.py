"""What the commands say in a terminal."""
