"""Runs jobs: the schedule, the queue, the log of each job, and the removal of old jobs."""
