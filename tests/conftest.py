"""Fixtures for every tier: real servers, started when a test first asks for one."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from callengine.asterisk.pbx import Pbx
from tests.support.servers import (
    PostgresServer,
    RedisServer,
    run_pbx,
    run_postgres,
    run_redis,
)

# The same laws with fewer examples, for the run after every change (`make unit`), and
# with very many, for a night.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for the whole run; tests share it, so take keys or databases apart."""
    with run_redis() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the whole run; make a database of your own in it."""
    with run_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def pbx() -> Iterator[Pbx]:
    """
    An Asterisk for the whole run, node `n1`, on free ports.

    `pbx.config` has the ports and passwords; `await pbx.provision(...)` gives it
    agents, queues and numbers.
    """
    with run_pbx() as running:
        yield running
