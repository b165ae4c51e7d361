"""Parameter values to compute with: one fixed set (the means), or joint draws from all distributions.

Both offer the same arrays; draws have one leading axis more. A parameter's draws depend only on its own name and the
seed, so that they are the same alone and in a batch, and do not move when another study is added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from backspasm.inference.base_rates import POPULATIONS
from backspasm.inference.kept import Kept
from backspasm.inference.logit_normal import Array
from backspasm.inference.parameters import Parameters
from backspasm.inference.special import expit, expit_of_many
from backspasm.inference.strata import Stratum
from backspasm.records.types import AGE_GROUPS

#: number of joint draws behind every interval, and their seed
DRAWS = 1_000
SEED = 20_240_229


class Numbers(Protocol):
    """What the likelihood needs. ``...`` is empty for the means, one axis of draws otherwise.

    ``kept`` holds what was worked out from these numbers, so they belong to one model (its layout and its links).
    """

    @property
    def parameters(self) -> Parameters: ...

    @property
    def kept(self) -> Kept: ...

    def log_base(self, stratum: Stratum) -> Array:
        """Log base rates, (..., C), normalised."""
        ...

    def shares(self, setting: str, group: int) -> Array:
        """Share of patients with each complication in one setting and age group, (..., C, K)."""
        ...

    def rate(self, finding: str, group: int) -> Array:
        """Rate of a boolean finding, (..., C)."""
        ...

    def log_odds(self, finding: str, group: int) -> Array:
        """Log odds of that rate, (..., C)."""
        ...

    def strengths(self, finding: str, group: int) -> Array:
        """Strength of each driving complication, (..., C, D)."""
        ...

    def value(self, measured: str, group: int) -> tuple[Array, Array]:
        """Mean and sd of a measured value, absent and present: (..., C, 2) each."""
        ...


def age_group(parameters: Parameters, stratum: Stratum) -> int:
    """Position of the stratum's age group."""
    return AGE_GROUPS.index(parameters.ages.group(stratum.band))


def _normalised(log_weights: Array) -> Array:
    top = log_weights.max(axis=-1, keepdims=True)
    out: Array = log_weights - top - np.log(np.exp(log_weights - top).sum(axis=-1, keepdims=True))
    return out


def _place(parameters: Parameters, stratum: Stratum) -> tuple[int, int, int]:
    band = parameters.ages.bands.index(stratum.band)
    population = POPULATIONS.index("child" if parameters.ages.is_child(stratum.band) else "adult")
    return parameters.settings.index(stratum.setting), population, band


@dataclass(frozen=True)
class Means:
    """The fixed parameter set: every rate at the mean of its log odds, every base rate at its mean.

    Log odds, since it is ratios of rates that move the answer; the mean of a rare and uncertain rate would lie far above
    what the estimators and studies said of it.
    """

    parameters: Parameters
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    @cached_property
    def _rate(self) -> Array:
        out: Array = expit(self.parameters.rate_mean)
        return out

    @cached_property
    def _strength(self) -> Array:
        out: Array = expit(self.parameters.strength_mean)
        return out

    @cached_property
    def _share(self) -> Array:
        out: Array = expit(self.parameters.complication_mean)
        return out

    def log_base(self, stratum: Stratum) -> Array:
        return self.kept.get(("base", stratum.setting, stratum.band, stratum.sex), lambda: self._log_base(stratum))

    def _log_base(self, stratum: Stratum) -> Array:
        base = self.parameters.base
        s, p, band = _place(self.parameters, stratum)
        # the mean of a log-normal share
        mean = base.log_share[s, p] + np.diagonal(base.covariance[s, p]) / 2 + base.profile_sd[band] ** 2 / 2
        return _normalised(base.log_weights(mean, p, band, stratum.sex))

    def shares(self, setting: str, group: int) -> Array:
        out: Array = self._share[self.parameters.settings.index(setting), group]
        return out

    def rates(self, group: int) -> Array:
        """Rates of all boolean findings in an age group, (C, F)."""
        out: Array = self._rate[group]
        return out

    def rate(self, finding: str, group: int) -> Array:
        out: Array = self._rate[group, :, self.parameters.booleans.index(finding)]
        return out

    def log_odds(self, finding: str, group: int) -> Array:
        out: Array = self.parameters.rate_mean[group, :, self.parameters.booleans.index(finding)]
        return out

    def strengths(self, finding: str, group: int) -> Array:
        f = self.parameters.booleans.index(finding)
        out: Array = self._strength[group, list(self.parameters.boolean_drivers[f]), :, f].T
        return out

    def value(self, measured: str, group: int) -> tuple[Array, Array]:
        p = self.parameters
        m = p.measured.index(measured)
        spread = np.exp(p.value_log_spread[group, :, m])
        # averaged over the uncertain mean, the density of one more patient is wider
        return p.value_mean[group, :, m], np.sqrt(spread**2 + p.value_mean_sd[group, :, m] ** 2)


@dataclass(frozen=True)
class JointDraws:
    """``count`` joint draws of all parameters, with a fixed seed. What is drawn is kept (see ``Kept`` for how much)."""

    parameters: Parameters
    count: int = DRAWS
    seed: int = SEED
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    def normals(self, name: str, *shape: int) -> Array:
        """Standard normal draws for one named parameter block, (count, *shape)."""
        return self.kept.get(("normals", name), lambda: self._normals(name, *shape))

    def _normals(self, name: str, *shape: int) -> Array:
        key = int.from_bytes(hashlib.sha256(f"{self.seed}/{name}".encode()).digest()[:16], "big")
        return np.random.Generator(np.random.Philox(key=key)).standard_normal((self.count, *shape))

    def log_base(self, stratum: Stratum) -> Array:
        return self.kept.get(("base", stratum.setting, stratum.band, stratum.sex), lambda: self._log_base(stratum))

    def _log_base(self, stratum: Stratum) -> Array:
        base = self.parameters.base
        s, p, band = _place(self.parameters, stratum)
        causes = len(self.parameters.causes)
        shares = self.kept.get(("log_share", s, p), lambda: self._log_share(s, p))
        shift = base.profile_sd[band] * self.normals(f"profile/{stratum.band}", causes)
        return _normalised(base.log_weights(shares, p, band, stratum.sex, shift))

    def _log_share(self, setting: int, population: int) -> Array:
        base, causes = self.parameters.base, len(self.parameters.causes)
        # what is known is the average of many places; one place differs from it
        root = np.linalg.cholesky(base.covariance[setting, population] + np.diag(base.place_sd**2))
        z = self.normals(f"base/{self.parameters.settings[setting]}/{population}", causes)
        out: Array = base.log_share[setting, population] + z @ root.T
        return out

    def shares(self, setting: str, group: int) -> Array:
        p = self.parameters
        s = p.settings.index(setting)

        def make() -> Array:
            z = self.normals("complications", len(p.causes), len(p.complications))
            return expit_of_many(p.complication_mean[s, group] + p.complication_sd[s, group] * z)

        return self.kept.get(("shares", setting, group), make)

    def rate(self, finding: str, group: int) -> Array:
        return expit_of_many(self.log_odds(finding, group))

    def log_odds(self, finding: str, group: int) -> Array:
        p = self.parameters
        f = p.booleans.index(finding)
        z = self.kept.get(("in kinds", finding), lambda: self._in_kinds(f"rate/{finding}"))
        out: Array = p.rate_sd[group, :, f] * z
        out += p.rate_mean[group, :, f]
        return out

    def _in_kinds(self, name: str) -> Array:
        """Standard normal draws of all causes, (count, C), correlated by ``error_in_kind`` between causes of one kind.

        Who is wrong about a finding in strain is wrong about it in plain back pain too, and one study often speaks of
        both. Drawn independently, such errors would average out over a group of causes, and its rate look too sure.
        """
        p = self.parameters
        kinds = list(dict.fromkeys(p.kinds))
        own = self._normals(name, len(p.kinds))
        shared = self._normals(f"{name}/kinds", len(kinds))[:, [kinds.index(kind) for kind in p.kinds]]
        out: Array = np.sqrt(1 - p.error_in_kind) * own + np.sqrt(p.error_in_kind) * shared
        return out

    def strengths(self, finding: str, group: int) -> Array:
        p = self.parameters
        f = p.booleans.index(finding)
        drivers = list(p.boolean_drivers[f])
        # one strength a complication: what the cause changes is its mean, not the chance of the draw
        z = self.normals(f"strength/{finding}", 1, len(drivers))
        return expit_of_many(p.strength_mean[group, drivers, :, f].T + p.strength_sd[group, drivers, :, f].T * z)

    def value(self, measured: str, group: int) -> tuple[Array, Array]:
        p = self.parameters
        m = p.measured.index(measured)
        z = self.normals(f"value/{measured}", 2, len(p.causes), 2)
        mean = p.value_mean[group, :, m] + p.value_mean_sd[group, :, m] * z[:, 0]
        sd = np.exp(p.value_log_spread[group, :, m] + p.value_log_spread_sd[group, :, m] * z[:, 1])
        return mean, sd
