"""Shared small things: a generator seeded afresh for every test, a schedule, and a few digits."""

import pytest
import torch

from ddpm_notes import data
from ddpm_notes.schedule import linear_schedule


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20201216)


@pytest.fixture(scope="session")
def paper_schedule():
    return linear_schedule()


@pytest.fixture(scope="session")
def digits():
    return data.load("digits", "all")
