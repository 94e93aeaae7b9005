"""The whole model: codec, token model and, where it has one, FDM; from a masked image to fills.

:class:`Job` holds what is computed once per image and shared by all candidates and steps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pluripaint.methods.put_fdm.codec import Codec, Tap, ignore
from pluripaint.methods.put_fdm.config import Config
from pluripaint.methods.put_fdm.context_once import ContextOnce, HoleField
from pluripaint.methods.put_fdm.dequantise import FeatureDequantiser
from pluripaint.methods.put_fdm.patches import KNOWN, known_share, normalised, patch_types, pixels
from pluripaint.methods.put_fdm.sampling import TokenField
from pluripaint.methods.put_fdm.transformer import UqTransformer


class PutFdm(nn.Module):
    """``codec``, ``tokens`` and ``fdm`` (``None`` for PUT alone) by a :class:`Config`."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.codec = Codec(config.codec)
        self.tokens: UqTransformer | ContextOnce
        if config.tokens.kind == "context_once":
            self.tokens = ContextOnce(config.codec.code_dim, config.tokens)
        else:
            self.tokens = UqTransformer(config.codec.decoder_in, config.tokens)
        self.fdm = FeatureDequantiser(config.codec.code_dim, config.fdm) if config.fdm else None

    def job(self, image: Tensor, known: Tensor) -> Job:
        """``image float [B, 3, H, W]`` 0…255, ``known float [B, 1, H, W]`` 1 = true pixel."""
        return Job(self, image, known)


class Job:
    """One masked image (or a batch of them) with everything that no candidate changes."""

    def __init__(self, model: PutFdm, image: Tensor, known: Tensor) -> None:
        self.model = model
        patch = model.config.codec.patch
        if image.shape[2] % patch or image.shape[3] % patch:
            raise ValueError(
                f"image sides {tuple(image.shape[2:])} are no multiples of the patch side {patch}"
            )
        self.image, self.known = image, known
        self.masked_image = normalised(image * known, model.config.normalise)
        self.types = patch_types(known, patch)
        self.share = known_share(known, patch)
        self.complete = self.types[:, 0] == KNOWN
        self.features = model.codec.encode(self.masked_image)
        self.known_tokens = model.codec.codebook.nearest(self.features, self.complete if self._dual else None)

    @property
    def _dual(self) -> bool:
        return self.model.config.codec.masked_codes > 0

    @property
    def masked_patches(self) -> Tensor:
        """``float [B, 1, h, w]``: 1 where a pixel of the patch is missing."""
        return (~self.complete).unsqueeze(1).to(self.features.dtype)

    def field(self, candidates: int = 1) -> TokenField:
        """A fresh field of ``candidates`` copies of this image (only for a batch of one, if more
        than one)."""
        if isinstance(self.model.tokens, ContextOnce):
            return HoleField(
                self.model.tokens, self.model.codec.codebook, self.features, self.complete, candidates
            )
        return UqField(self, self.model.tokens, candidates)

    def token_grid(self, field: TokenField) -> Tensor:
        """``int64 [B, h, w]``: drawn tokens at incomplete patches, the image's own elsewhere."""
        count = len(field.tokens) // len(self.complete)
        complete = self.complete.repeat(count, 1, 1)
        grid = self.known_tokens.repeat(count, 1, 1)
        if isinstance(field, HoleField):
            grid[~complete] = field.tokens.reshape(-1)
            return grid
        return torch.where(complete, grid, field.tokens.view_as(grid))

    def generated(self, tokens: Tensor) -> Tensor:
        """Features ``[B, C, h, w]`` for ``tokens``: un-quantised at complete patches, code vectors
        elsewhere."""
        codes = self.model.codec.codebook.look_up(tokens)
        masked = self._repeat(self.masked_patches, len(tokens))
        return self._repeat(self.features, len(tokens)) * (1 - masked) + codes * masked

    def dequantised(self, features: Tensor, tap: Tap = ignore) -> Tensor:
        """``f_q + FDM(f_q, m)·m``; the features themselves where the model has no FDM."""
        if self.model.fdm is None:
            return features
        added = self.model.fdm(features, self._repeat(self.masked_patches, len(features)), tap)
        tap("added", added)
        tap("out", features + added)
        return features + added

    def decoded(self, features: Tensor, tap: Tap = ignore) -> Tensor:
        """Pixels 0…255 ``[B, 3, H, W]`` of features; known pixels only approximately kept."""
        n = len(features)
        masked, known = self._repeat(self.masked_image, n), self._repeat(self.known, n)
        out = self.model.codec.decode(features, masked, known, tap)
        return pixels(out, self.model.config.normalise)

    def images(self, tokens: Tensor, tap: Tap = ignore) -> Tensor:
        """What the model itself answers for ``tokens [B, h, w]``: pixels 0…255 ``[B, 3, H, W]``."""
        if self.model.config.known_features:
            features = self.dequantised(self.generated(tokens))
        else:
            features = self.model.codec.codebook.look_up(tokens)
        decoded = self.decoded(features, tap)
        return self.pasted(decoded) if self.model.config.paste_known else decoded

    def pasted(self, decoded: Tensor) -> Tensor:
        """``decoded`` with the known pixels of the image put back."""
        known = self._repeat(self.known, len(decoded))
        return self._repeat(self.image, len(decoded)) * known + decoded * (1 - known)

    @staticmethod
    def _repeat(x: Tensor, n: int) -> Tensor:
        return x if len(x) == n else x.repeat(n // len(x), 1, 1, 1)


class UqField:
    """:class:`TokenField` of the published transformers: every forward sees all patches."""

    def __init__(self, job: Job, transformer: UqTransformer, candidates: int) -> None:
        self._transformer = transformer
        self._codebook = job.model.codec.codebook
        self.features = job.features.flatten(2).transpose(1, 2).repeat(candidates, 1, 1)
        self._share = job.share.flatten(1).repeat(candidates, 1)
        self.unknown = (~job.complete).flatten(1).repeat(candidates, 1)
        self.tokens = job.known_tokens.flatten(1).repeat(candidates, 1)

    def logits(self, tap: Tap = ignore) -> Tensor:
        return self._transformer(self.features, self._share, tap).float()

    def fix(self, chosen: Tensor, tokens: Tensor) -> None:
        self.tokens = torch.where(chosen, tokens, self.tokens)
        codes = self._codebook.embedding[self.tokens].to(self.features.dtype)
        self.features = torch.where(chosen.unsqueeze(-1), codes, self.features)
        self._share = self._share.masked_fill(chosen, 1.0)
        self.unknown = self.unknown & ~chosen
