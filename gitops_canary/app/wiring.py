"""The composition root: the one place that names adapters."""

import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gitops_canary.app.config import load
from gitops_canary.app.controller import Round
