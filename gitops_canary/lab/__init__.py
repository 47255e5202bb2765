"""A whole small world on loopback: Git host, sync engine, mesh, metrics, services, users.

Real wherever it can be: git over `git http-backend`, Envoy, Prometheus. Played by us: the cluster
and its sync engine (`agent`), the application (`service`), its users (`load`) and the people who
release it (`person`). Nothing outside this package imports it.
"""
