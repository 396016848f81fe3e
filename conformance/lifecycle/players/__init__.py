"""The clients behind `Player`."""
