"""Trains a small vision transformer that tells which shapes a picture holds, and writes shapes-vit.onnx and shapes.png.

pip install torch==2.13.0 onnx pillow && python3 docs/shapes_vit.py   (minutes on a CPU)
"""
import pathlib
import sys

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

sys.path.append(str(pathlib.Path(__file__).parent.parent / 'fixtures/golden'))
from drawings import Drawing  # noqa: E402

SIZE, PATCH, WIDTH, HEADS, DEPTH, STEPS, BATCH = 48, 6, 48, 4, 3, 1500, 48
KINDS = ('disc', 'square', 'triangle')


def drawn(seed):
    """Two of three kinds of shapes, or one, side by side; which they are."""
    drawing = Drawing(SIZE, seed)
    kinds = drawing.random.sample(range(3), drawing.random.randint(1, 2))
    halves = drawing.random.sample((0, 1), len(kinds))
    for kind, half in zip(kinds, halves):
        radius = drawing.random.uniform(7, 10)
        x = SIZE / 2 * half + drawing.random.uniform(radius + 1, SIZE / 2 - radius - 1)
        y = drawing.random.uniform(radius + 1, SIZE - radius - 1)
        colour = drawing.contrasting(drawing.base, 0.25)
        if kind == 0:
            drawing.disc(x, y, radius, colour)
        elif kind == 1:
            drawing.box(x - radius, y - radius, x + radius, y + radius, colour)
        else:
            drawing.triangle(x, y, radius, colour)
    return drawing.bytes(), F.one_hot(torch.tensor(kinds), 3).sum(0)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, c))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attention, self.norm2 = nn.LayerNorm(WIDTH), Attention(), nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.position = nn.Parameter(0.02 * torch.randn(1, (SIZE // PATCH) ** 2 + 1, WIDTH))
        self.layers, self.norm = nn.Sequential(*[Layer() for _ in range(DEPTH)]), nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(KINDS))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.layers(x))[:, 0])


torch.manual_seed(0)
pictures, truths = (torch.stack(each) for each in zip(*map(drawn, range(8000))))
net = Vit()
optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.05)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS)
for step in range(STEPS):
    own = torch.randint(500, len(pictures), (BATCH,))
    loss = F.binary_cross_entropy_with_logits(net(pictures[own].float() / 127.5 - 1), truths[own].float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 250 == 249:
        with torch.no_grad():
            right = ((net.eval()(pictures[:500].float() / 127.5 - 1) > 0) == truths[:500]).all(1).float().mean().item()
        print(f'step {step + 1}  loss {loss.item():.3f}  right {right:.3f}', flush=True)
        net.train()
torch.onnx.export(
    net.eval(),
    torch.zeros(1, 3, SIZE, SIZE),
    'shapes-vit.onnx',
    dynamo=False,
    opset_version=17,
    input_names=['input'],
    output_names=['logits'],
    dynamic_axes={'input': {0: 'N'}, 'logits': {0: 'N'}},
)
# The first that holds a disc and a triangle, both found.
found = net(pictures[:500].float() / 127.5 - 1) > 0
both = next(n for n in range(500) if truths[n].tolist() == [1, 0, 1] == found[n].int().tolist())
Image.fromarray(pictures[both].permute(1, 2, 0).numpy()).save('shapes.png')
