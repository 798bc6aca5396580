# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2024-03-04
#
# Goal for today: does the *learning rate* matter as much as M. says? cc @maria, see issue #12.
#
# - [x] set up the toy problem
# - [ ] sweep
#     - [ ] 3 values
#     - [ ] 5 seeds
# * budget: $20 of compute

# %%
# %load_ext autoreload
# %autoreload 2
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

from pathlib import Path

OUT = Path("runs")

# %%
# !mkdir -p runs && ls runs

# %%
def descend(rate, seed, steps=40):
    x = np.random.default_rng(seed).normal(size=5)
    history = []
    for _ in range(steps):
        x = x - rate * 2 * x
        history.append((x ** 2).sum())
    return np.array(history)

# %% [markdown]
# # 2024-03-05
# ran it over night. result: **it does**. below: one plot per rate
#
# (M. expected `rate=0.5` to be best, $f(x) = \lVert x \rVert^2$ so yes: one step!!)

# %%
for i in range(3):
    rate = [0.05, 0.2, 0.45][i]
    plt.semilogy(descend(rate, 0))
    plt.title(f"rate {rate}")
    plt.show()

# %% [markdown]
# ## What I do not understand
# Why is it *exactly* zero at 0.5? → because $1 - 2\eta = 0$.
#
# <span style="color:orange">ask M. on Monday</span>

# %%
best = {rate: float(descend(rate, 1)[-1]) for rate in (0.05, 0.2, 0.45)}
print(min(best, key=best.get))

# %% [raw]
# scratch: 0.5 -> 0.0
# do not forget the plot for the group meeting

# %% [markdown]
# # 2024-03-06
# Plot for the group meeting, with all seeds:

# %%
fig, ax = plt.subplots(figsize=(5, 3))
for seed in range(5):
    ax.semilogy(descend(0.2, seed), alpha=0.5)
ax.set_xlabel("step"); ax.set_ylabel("loss")
ax.set_title("five seeds, rate 0.2")
fig.savefig("group-meeting.pdf") if False else None
fig.show()
