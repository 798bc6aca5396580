# -*- coding: utf-8 -*-
# # The Annotated Attention Layer
#
# <center>
# <p>v2: after a well-known annotated paper; <a href="https://github.com/example/annotated">code</a></p>
# <img src="figures/cover-small.png" width="40%"/>
# </center>
#
# > The dominant sequence transduction models are based on complex recurrent networks.
# > We propose a new simple network architecture.
#
# *Text in quotation marks is the paper's, the rest is ours.* The scaled dot product is Eq. \ref{eq:attention}.

# +
import math

import matplotlib.pyplot as plt
import torch
import torch.nn as nn

torch.manual_seed(7)


# -

# # Part 1: Model Architecture
# ## Attention
#
# An attention function maps a query and key-value pairs to an output, as in
# \begin{equation}\label{eq:attention}
#    \mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right)V
# \end{equation}
# and costs $O(n^2 d)$ \cite{vaswani2017}.

def attention(query, key, value, mask=None):
    "Compute 'Scaled Dot Product Attention'"
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    return p_attn @ value, p_attn


def subsequent_mask(size):
    "Mask out subsequent positions."
    return torch.triu(torch.ones(1, size, size), diagonal=1) == 0


# > Below the attention mask shows the position each word (row) may look at (column).

plt.figure(figsize=(3, 3))
plt.imshow(subsequent_mask(12)[0])
None

# # Part 2: A Check
#
# * The rows of $p$ sum to 1:

q = k = v = torch.randn(1, 12, 8)
_, p = attention(q, k, v, subsequent_mask(12))
print(torch.allclose(p.sum(-1), torch.ones(1, 12)))

# The `key` that is masked gets weight $\exp(-10^9) = 0$, so `p[0, 0]` is one-hot.
#
# | symbol | shape |
# |--------|-------|
# | $Q$    | $n × d_k$ |
# | $p$    | $n × n$ |
