"""The `adapt` command: thin verbs over the packages below.

Owns: arguments, tables, progress, exit codes (0 done, 1 failed, 2 your input, 130 interrupted).
May import: everything in adapt_learning, the heavy parts inside the commands only.
"""
