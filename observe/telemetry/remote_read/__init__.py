"""Raw samples through Prometheus' remote read, as the chunks that the server keeps them in.

Start with `tables`. Importing this package loads numba, which takes a moment: import it only
where it is used.
"""
