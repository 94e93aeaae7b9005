"""The daemon: a small broker without torch or numpy, and one worker process per device.

Goes in: messages of the wire protocol. Comes out: events of jobs, each with exactly one ending.
Open ``broker.py`` first; ``jobs.py`` keeps the clients' jobs, ``supervisor.py`` starts and watches workers;
``worker.py`` is what runs in one.
"""
