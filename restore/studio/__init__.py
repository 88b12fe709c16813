"""The studio: a page on this machine where an editor looks at a film, directs its colours, and starts runs.

One process serves the page and imports nothing heavy (`server`), another works at low priority (`worker`), and a run is
a process of the command itself (`runs`).
"""
