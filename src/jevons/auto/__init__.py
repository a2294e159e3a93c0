"""Which arm is cheapest and good enough, and how sure is that?

Enters: prompts as numbers, grades of answers to them, what answers cost.
Leaves: an arm for a prompt, and a certificate of how much worse that may be than the reference.
May not know: sockets, disks, clocks, whose prompt it is. Texts are read once and never kept.
State: none; a model is a value, made of pairs and nothing else.

Takes `.venv/bin/pip install -e '.[auto]'`: the arithmetic is numpy's.
"""

from jevons.auto.betting import evidence, p_value, upper_bound
from jevons.auto.certificate import Certificate, Terms, certify, expired, share
from jevons.auto.chooser import AUTO, Chooser, named_by, prompt_of
from jevons.auto.costs import CostModel, fit_costs
from jevons.auto.drift import Drift, drift
from jevons.auto.features import Prompt, pack, read, unpack
from jevons.auto.frontier import Path, frontier, path_of
from jevons.auto.laying import Frozen, lay, learn
from jevons.auto.likeness import Label, Likeness, Shift
from jevons.auto.nearest import Found, Nearest
from jevons.auto.novelty import Known, know
from jevons.auto.progress import fewest
from jevons.auto.quality import QualityModel, fit_quality
from jevons.auto.sampling import Draws, draws_of
from jevons.auto.study import Choice, Pair, Plan, Study, Turn, amended
from jevons.auto.traffic import Studied, Tenant, Traffic, kind_of, tenant_of, traffic_of

__all__ = (
    "AUTO",
    "Certificate",
    "Choice",
    "Chooser",
    "CostModel",
    "Draws",
    "Drift",
    "Found",
    "Frozen",
    "Known",
    "Label",
    "Likeness",
    "Nearest",
    "Pair",
    "Path",
    "Plan",
    "Prompt",
    "QualityModel",
    "Shift",
    "Studied",
    "Study",
    "Tenant",
    "Terms",
    "Traffic",
    "Turn",
    "amended",
    "certify",
    "draws_of",
    "drift",
    "evidence",
    "expired",
    "fewest",
    "fit_costs",
    "fit_quality",
    "frontier",
    "kind_of",
    "know",
    "lay",
    "learn",
    "named_by",
    "p_value",
    "pack",
    "path_of",
    "prompt_of",
    "read",
    "share",
    "tenant_of",
    "traffic_of",
    "unpack",
    "upper_bound",
)
