"""What all tests share."""

import os

from gitops_canary.app.places import CACHE

# A clone is found again by its URL, and ports of the loopback come back: a test that kept its own
# where its neighbours do would meet theirs. So there is no such place; whoever runs a controller
# names one of their own.
os.environ[CACHE] = "/dev/null/each-test-names-a-cache-of-its-own"
