"""The simulated environment of the lifecycle tests.

Clock, event loop, transport, faulty service, files, and the model of a task.

Imported by all other packages of `lifecycle`; imports none of them. Start reading at `service`, which records
every exchange; `task_model` explains the theory of the possible states of a task.
"""
