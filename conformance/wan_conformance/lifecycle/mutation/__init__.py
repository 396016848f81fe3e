"""The life of a task as a table under test: every single mutant is killed, or proved to be equivalent."""
