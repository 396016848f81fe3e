"""The life of tasks as a proof: every schedule of faults in simulated time, judged by the service's books."""
