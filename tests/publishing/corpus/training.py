# %% [markdown]
# ## Training a classifier on two moons
#
# A minimal **PyTorch** training loop, in the usual five steps:
#
# 1. data
# 2. model
# 3. loss
# 4. loop
# 5. evaluation

# %%
import math
import os

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm.auto import tqdm

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

# %% [markdown]
# ### Data
#
# The moons are half circles of radius 1, with noise of standard deviation $\sigma = 0.1$:
#
# $$ x = (\cos φ, \sin φ) + σ ε, \qquad φ \sim U(0, π) $$

# %%
def moons(n, sigma=0.1):
    phi = math.pi * torch.rand(n)
    upper = torch.stack([phi.cos(), phi.sin()], 1)
    lower = torch.stack([1 - phi.cos(), 0.5 - phi.sin()], 1)
    x = torch.cat([upper, lower]) + sigma * torch.randn(2 * n, 2)
    return x, torch.cat([torch.zeros(n), torch.ones(n)]).long()


x, y = moons(100)
loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
plt.scatter(*x.T, c=y)
plt.title("Two moons")

# %% [markdown]
# ### Model and loop

# %%
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
losses = []
for epoch in tqdm(range(60)):
    for xb, yb in loader:
        loss = nn.functional.cross_entropy(model(xb.to(device)), yb.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    losses.append(loss.item())

# %% tags=["hide_input"]
fig = plt.figure(figsize=(5, 3))
ax = fig.add_subplot(111)
ax.plot(losses, label="training loss, $\\mathcal{L}$")
ax.set(xlabel="epoch", ylabel="loss")
ax.legend()
plt.show()

# %% [markdown]
# ### Evaluation
#
# Loads the reference weights, if there are any: see https://pytorch.org/tutorials/ for how.

# %%
if os.path.exists("weights/moons.pt"):
    model.load_state_dict(torch.load("weights/moons.pt"))
accuracy = (model(x).argmax(1) == y).float().mean().item()
print(accuracy > 0.95)
