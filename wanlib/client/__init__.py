"""What generated code leans on. Holds no fact of the API: every table and limit is handed in."""
