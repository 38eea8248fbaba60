"""Networks of the deep comparators: LSTM, R3D-18, I3D and gated GRUs.

Every network takes its number of outputs first, returns them without a softmax or sigmoid, so that
one loss serves all, and names its last layer in ``head``. R3D-18 and I3D have the keys, order and
shapes of the public weights, so that files trained on Kinetics-400 fit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from exprstats.deep.recipes import report_absence

try:
    import torch
except ImportError as error:
    raise report_absence(error) from error

from torch import nn
from torch.nn import functional

# Below this, a probability has no finite logit in single precision.
EPSILON = 1e-6


class OpenFaceLSTM(nn.Module):
    """Long short-term memory over the frames of a tracker's features.

    Each feature of each clip is standardised over its frames; a feature that does not change is 0.
    The last hidden state of the top layer feeds a linear output.

    Parameters
    ----------
    outputs
        How many numbers are predicted.
    features
        Features of a frame.
    layers, hidden
        Stacked layers, and units of each.
    dropout
        Share of units left out between layers and before the output.
    standardise
        Whether to standardise each feature within each clip.

    References
    ----------
    Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting and
    characterizing facial expressiveness: two layers of 128 units on 3 s at 25 Hz.
    Hochreiter, S., & Schmidhuber, J. (1997). Long short-term memory. Neural Computation, 9.

    Examples
    --------
    >>> net = OpenFaceLSTM(1, features=35)
    >>> net(torch.zeros(4, 75, 35)).shape
    torch.Size([4, 1])
    """

    head: tuple[str, ...] = ("output",)

    def __init__(
        self,
        outputs: int,
        features: int,
        *,
        layers: int = 2,
        hidden: int = 128,
        dropout: float = 0.0,
        standardise: bool = True,
    ) -> None:
        super().__init__()
        self.standardise = standardise
        between = dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return outputs (n, outputs) of clips (n, frames, features)."""
        if self.standardise:
            centred = frames - frames.mean(1, keepdim=True)
            spread = centred.square().mean(1, keepdim=True).sqrt()
            # Rounding leaves a feature that does not change with a tiny spread, not with none.
            still = spread <= EPSILON * frames.abs().amax(1, keepdim=True)
            frames = torch.where(still, 0.0, centred / torch.where(still, 1.0, spread))
        _, (states, _) = self.lstm(frames)
        return self.output(self.dropout(states[-1]))


class _Residual(nn.Module):
    """Two 3 x 3 x 3 convolutions and a shortcut, which is projected where the shape changes."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(_convolve(inner, outer, 3, stride), nn.BatchNorm3d(outer))
        self.conv2 = nn.Sequential(_convolve(outer, outer, 3, 1), nn.BatchNorm3d(outer))
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(
                _convolve(inner, outer, 1, stride), nn.BatchNorm3d(outer)
            )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        shortcut = clips if self.downsample is None else self.downsample(clips)
        return functional.relu(self.conv2(functional.relu(self.conv1(clips))) + shortcut)


def _convolve(inner: int, outer: int, width: int, stride: int) -> nn.Conv3d:
    return nn.Conv3d(inner, outer, width, stride, padding=width // 2, bias=False)


class R3D18(nn.Module):
    """ResNet of 18 layers with three-dimensional convolutions.

    Input is RGB (n, 3, frames, height, width), standardised by the means and SDs of Kinetics. Keys,
    order and shapes are those of torchvision's r3d_18: 122 entries, 33,371,472 parameters at 400
    outputs.

    Parameters
    ----------
    outputs
        How many numbers are predicted.

    References
    ----------
    Tran, D., Wang, H., Torresani, L., Ray, J., LeCun, Y., & Paluri, M. (2018). A closer look at
    spatiotemporal convolutions for action recognition. CVPR.
    He, K., Zhang, X., Ren, S., & Sun, J. (2015). Delving deep into rectifiers. ICCV: the initial
    weights, by fan-out.

    Examples
    --------
    >>> sum(weights.numel() for weights in R3D18(400).parameters())
    33371472
    """

    head: tuple[str, ...] = ("fc",)

    def __init__(self, outputs: int) -> None:
        super().__init__()
        stem = nn.Conv3d(3, 64, (3, 7, 7), (1, 2, 2), padding=(1, 3, 3), bias=False)
        self.stem = nn.Sequential(stem, nn.BatchNorm3d(64))
        self.layer1 = nn.Sequential(_Residual(64, 64, 1), _Residual(64, 64, 1))
        self.layer2 = nn.Sequential(_Residual(64, 128, 2), _Residual(128, 128, 1))
        self.layer3 = nn.Sequential(_Residual(128, 256, 2), _Residual(256, 256, 1))
        self.layer4 = nn.Sequential(_Residual(256, 512, 2), _Residual(512, 512, 1))
        self.fc = nn.Linear(512, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.fc.weight, 0.0, 0.01)
        nn.init.zeros_(self.fc.bias)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Return outputs (n, outputs) of clips (n, 3, frames, height, width)."""
        clips = functional.relu(self.stem(clips))
        clips = self.layer4(self.layer3(self.layer2(self.layer1(clips))))
        return self.fc(clips.mean((2, 3, 4)))


class _Unit(nn.Module):
    """A padded convolution, batch norm and a rectifier."""

    def __init__(self, inner: int, outer: int, width: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inner, outer, width, stride, bias=False)
        self.bn = nn.BatchNorm3d(outer, eps=1e-3, momentum=0.01)
        self.shape = ((width,) * 3, (stride,) * 3)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.bn(self.conv3d(_pad_same(clips, *self.shape))))


def _pad_same(clips: torch.Tensor, widths: Sequence[int], strides: Sequence[int]) -> torch.Tensor:
    """Return clips with zeros around them, the odd one at the end, as TensorFlow pads.

    The public weights were trained with this padding, before pooling too; PyTorch's own padding
    is symmetric and would shift every feature map of even size by half a position.
    """
    pads: list[int] = []
    for size, width, stride in zip(clips.shape[2:], widths, strides, strict=True):
        # Vertical and horizontal sizes come last, and functional.pad starts at the last.
        short = max(width - (size % stride or stride), 0)
        pads = [short // 2, short - short // 2, *pads]
    return functional.pad(clips, pads)


def _pool_same(
    clips: torch.Tensor, widths: tuple[int, ...], strides: tuple[int, ...]
) -> torch.Tensor:
    return functional.max_pool3d(_pad_same(clips, widths, strides), widths, strides)


class _Inception(nn.Module):
    """Four branches side by side: 1, 1 + 3, 1 + 3, and pooling + 1."""

    def __init__(self, inner: int, widths: Sequence[int]) -> None:
        super().__init__()
        one, before, three, narrow, third, pooled = widths
        self.b0 = _Unit(inner, one)
        self.b1a = _Unit(inner, before)
        self.b1b = _Unit(before, three, 3)
        self.b2a = _Unit(inner, narrow)
        self.b2b = _Unit(narrow, third, 3)
        self.b3b = _Unit(inner, pooled)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        pooled = _pool_same(clips, (3, 3, 3), (1, 1, 1))
        first, second = self.b1b(self.b1a(clips)), self.b2b(self.b2a(clips))
        return torch.cat([self.b0(clips), first, second, self.b3b(pooled)], 1)


# Channels of the branches, and the window and stride of the pooling that comes before.
_BLOCKS: dict[str, tuple[tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]] = {
    "Mixed_3b": ((64, 96, 128, 16, 32, 32), (1, 3, 3), (1, 2, 2)),
    "Mixed_3c": ((128, 128, 192, 32, 96, 64), None, ()),
    "Mixed_4b": ((192, 96, 208, 16, 48, 64), (3, 3, 3), (2, 2, 2)),
    "Mixed_4c": ((160, 112, 224, 24, 64, 64), None, ()),
    "Mixed_4d": ((128, 128, 256, 24, 64, 64), None, ()),
    "Mixed_4e": ((112, 144, 288, 32, 64, 64), None, ()),
    "Mixed_4f": ((256, 160, 320, 32, 128, 128), None, ()),
    "Mixed_5b": ((256, 160, 320, 32, 128, 128), (2, 2, 2), (2, 2, 2)),
    "Mixed_5c": ((384, 192, 384, 48, 128, 128), None, ()),
}


class I3D(nn.Module):
    """Inflated Inception (I3D) on RGB.

    Input is RGB (n, 3, frames, height, width) scaled to -1 to 1; the published size is 16 frames or
    more of 224 x 224. Outputs are averaged over the time steps that remain. Keys, order and shapes
    are those of the public PyTorch weights: 344 entries, 12,298,539 parameters at 11 outputs.

    Parameters
    ----------
    outputs
        How many numbers are predicted.
    dropout
        Share of units left out before the last convolution.

    References
    ----------
    Carreira, J., & Zisserman, A. (2017). Quo vadis, action recognition? A new model and the
    Kinetics dataset. CVPR.

    Examples
    --------
    >>> sum(weights.numel() for weights in I3D(11).parameters())
    12298539
    """

    head: tuple[str, ...] = ("logits",)

    def __init__(self, outputs: int, *, dropout: float = 0.5) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Sequential(OrderedDict(conv3d=nn.Conv3d(1024, outputs, 1)))
        self.Conv3d_1a_7x7 = _Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = _Unit(64, 64)
        self.Conv3d_2c_3x3 = _Unit(64, 192, 3)
        inner = 192
        for name, (widths, _, _) in _BLOCKS.items():
            self.add_module(name, _Inception(inner, widths))
            inner = widths[0] + widths[2] + widths[4] + widths[5]

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Return outputs (n, outputs) of clips (n, 3, frames, height, width)."""
        clips = _pool_same(self.Conv3d_1a_7x7(clips), (1, 3, 3), (1, 2, 2))
        clips = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(clips))
        for name, (_, window, strides) in _BLOCKS.items():
            if window is not None:
                clips = _pool_same(clips, window, strides)
            clips = self.get_submodule(name)(clips)
        # Pictures below the published size leave fewer positions than the window of 2 x 7 x 7.
        window = tuple(map(min, (2, 7, 7), clips.shape[2:]))
        clips = functional.avg_pool3d(clips, window, stride=1)
        return self.logits(self.dropout(clips)).mean((2, 3, 4))


class ContextGate(nn.Module):
    """Context gate: x * sigmoid(BN(x W)), which lets each value weigh all others.

    Parameters
    ----------
    size
        How many values.

    References
    ----------
    Miech, A., Laptev, I., & Sivic, J. (2017). Learnable pooling with context gating for video
    classification: eq. 6, with batch norm in place of the bias.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(size, size))
        self.norm = nn.BatchNorm1d(size)
        nn.init.normal_(self.weights, 0.0, size**-0.5)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return gated values (n, size)."""
        return values * torch.sigmoid(self.norm(values @ self.weights))


class MixtureOfExperts(nn.Module):
    """Mixture of logistic experts, one mixture for each label, with a dummy expert that says 0.

    Parameters
    ----------
    size
        How many values come in.
    outputs
        How many labels.
    experts
        Experts of each label beside the dummy.

    References
    ----------
    Abu-El-Haija, S., et al. (2016). YouTube-8M: A large-scale video classification benchmark,
    section 4.3.
    """

    def __init__(self, size: int, outputs: int, experts: int = 2) -> None:
        super().__init__()
        self.shape = (outputs, experts)
        self.gates = nn.Linear(size, outputs * (experts + 1), bias=False)
        self.experts = nn.Linear(size, outputs * experts)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return probabilities (n, outputs) of values (n, size)."""
        outputs, experts = self.shape
        gates = self.gates(values).view(-1, outputs, experts + 1).softmax(-1)[..., :experts]
        return (gates * self.experts(values).view(-1, outputs, experts).sigmoid()).sum(-1)


class GatedGRU(nn.Module):
    """Gated recurrent units, one for each modality, then gates and experts.

    The last states of all modalities are joined, pass a context gate, a mixture of experts and a
    second context gate. A linear head in place of the experts serves targets that are quantities.

    Parameters
    ----------
    outputs
        How many labels or quantities.
    sizes
        Features of each modality, which lie side by side in a frame.
    hidden
        Units of each modality's recurrent layer.
    experts
        Experts of each label beside the dummy; 0 for a linear head.
    dropout
        Share of joined units that are left out.

    References
    ----------
    Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). EEV dataset:
    Predicting expressions evoked by diverse videos: image 2048 to 512, face 2048 to 256, audio 128
    to 128, 60 s at 1 Hz.

    Examples
    --------
    >>> net = GatedGRU(15, sizes=(8, 4), hidden=(6, 3)).eval()
    >>> net(torch.zeros(2, 60, 12)).shape
    torch.Size([2, 15])
    """

    head: tuple[str, ...] = ("experts", "labels", "output")

    def __init__(
        self,
        outputs: int,
        sizes: Sequence[int] = (2048, 2048, 128),
        *,
        hidden: Sequence[int] = (512, 256, 128),
        experts: int = 2,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.linear = not experts
        pairs = zip(sizes, hidden, strict=True)
        self.modalities = nn.ModuleList(nn.GRU(*pair, batch_first=True) for pair in pairs)
        self.dropout = nn.Dropout(dropout)
        self.gate = ContextGate(sum(hidden))
        if experts:
            self.experts = MixtureOfExperts(sum(hidden), outputs, experts)
            self.labels = ContextGate(outputs)
        else:
            self.output = nn.Linear(sum(hidden), outputs)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return outputs (n, outputs) of clips (n, frames, features of all modalities)."""
        parts = frames.split(self.sizes, dim=-1)
        states = [gru(part)[1][-1] for gru, part in zip(self.modalities, parts, strict=True)]
        joined = self.gate(self.dropout(torch.cat(states, -1)))
        if self.linear:
            return self.output(joined)
        return torch.logit(self.labels(self.experts(joined)), eps=EPSILON)
