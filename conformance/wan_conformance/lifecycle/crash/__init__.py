"""`kill -9` of a real process at every point of a life, then `resume`: nothing lost, nothing paid twice."""
