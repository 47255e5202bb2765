"""One repository at the object level: no worktree, no index, no checkout, nothing executed.

`repository.Repository` implements `ports.Git`. A bare mirror of two branches lies in a directory of
our own and may be deleted at any moment: the remote is the truth. Objects are built in this process
(`objects`, `editing`, `signing`), handed to git as one pack (`pack`) and pushed with the leases of
both branches at once. What a push did is told by the refs, looked at again (`rejection`).

Every child process is started in `process`, through GitPython, with an argv from `commands`, an
environment made from nothing, a deadline, a cap on its output and a process group of its own.
"""
