"""Benchmarks: tables that are lists of jobs, and the jobs.

Owns: the kinds of jobs (collect, train, evaluate: one file each), running them over processes with
a result file per job, the tables (one file each) and how they are written down.
May import: everything in adapt_learning but the command line.
"""
