"""step.py NET BATCH D H W: PyTorch's training steps for the bench, on request.

Says what it is in one line of JSON, then answers each line "SETTING STEPS" on its input with
{"ms": [...]}: forward, loss, backward, Adam, as its trainer would do them.  Between
requests it sleeps, so that the other side can be measured.  Settings: f32 and bf16
(autocast), each contiguous and channels-last (_cl).
"""
import sys
import time

from torch_env import FASTEST, say, start

torch = start()
import nets

name, batch, size = sys.argv[1], int(sys.argv[2]), [int(v) for v in sys.argv[3:6]]
rng = torch.Generator().manual_seed(1)
image = torch.randn(batch, 1, *size, generator=rng)
label = torch.randint(0, 3, (batch, 1, *size), generator=rng)
sides = {}


class Side:
    """A network with its optimizer in one setting."""

    def __init__(self, setting):
        torch.manual_seed(1)
        self.bf16, last = setting.startswith("bf16"), setting.endswith("_cl")
        form = torch.channels_last_3d if last else torch.contiguous_format
        self.net = nets.NETS[name]().to(memory_format=form)
        self.image = image.contiguous(memory_format=form)
        self.adam = torch.optim.Adam(self.net.parameters(), 1e-4)

    def step(self):
        begin = time.perf_counter()
        self.adam.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            out = self.net(self.image)
        loss = nets.dice_ce(out, label)
        loss.backward()
        self.adam.step()
        loss.item()
        return 1e3 * (time.perf_counter() - begin)


count = sum(p.numel() for p in nets.NETS[name]().parameters())
say(torch=torch.__version__, threads=torch.get_num_threads(), params=count, environment=FASTEST,
    settings=["f32", "f32_cl", "bf16", "bf16_cl"])
for line in sys.stdin:
    setting, steps = line.split()
    try:
        if setting not in sides:
            sides[setting] = Side(setting)
        say(ms=[sides[setting].step() for _ in range(int(steps))])
    except RuntimeError as e:
        say(error=str(e).splitlines()[0])
