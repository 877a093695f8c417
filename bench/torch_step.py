"""One DCGAN training step in PyTorch eager, with a product of 2048² matrices and both forward passes beside it.

Prints one line of JSON: median_ms, min_ms and runs of the step, torch, threads, matmul_gflops, and under `times` all
milliseconds of step, generator, discriminator and matmul, for bench/run.ts.
"""
import json
import statistics
import sys

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
from torch_forward import discriminator, forward_times, generator, inputs, milliseconds, parsed_options, summary

options = parsed_options(__doc__)
g, d = generator(options), discriminator(options)
adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (g, d))
real, latents = inputs(options)
ones, zeros = torch.ones(options.batch_size, 1), torch.zeros(options.batch_size, 1)
bce = F.binary_cross_entropy_with_logits


def step():
    adam_d.zero_grad()
    bce(d(real), ones).backward()
    fake = g(latents)
    bce(d(fake.detach()), zeros).backward()
    adam_d.step()
    adam_g.zero_grad()
    bce(d(fake), ones).backward()
    adam_g.step()


times = {'step': milliseconds(step, options.steps)}
times |= forward_times(g, d, real, latents, options.steps)
a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
times['matmul'] = milliseconds(lambda: a @ b, options.steps)
print(json.dumps({**summary(times['step']), 'torch': torch.__version__, 'threads': torch.get_num_threads(),
                  'matmul_gflops': round(2 * 2048**3 / statistics.median(times['matmul']) / 1e6, 1), 'times': times}))
